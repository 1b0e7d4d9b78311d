import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerApproval, siteApprovals } from './approvals/approvals.js';
import { readDiary } from './diary/read-diary.js';
import { readStatusFile } from './status/status-file.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { jobBytes, until } from './testing/site.js';

vi.setConfig({ testTimeout: 60_000 });

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await buildStage();
}, 60_000);
beforeEach(async () => {
  scene = await Scene.open(stage);
  scene.site = { ...scene.site, policy: { ...scene.site.policy, approval: 'ask' } };
});
afterEach(() => scene.close());

const outcomes = () => scene.coordinator.gates.map(({ outcome }) => outcome);
const waits = async () => {
  const before = outcomes().length;
  await until(() => outcomes().length > before);
  return outcomes().at(-1);
};
/** Offers the task as often as it takes, as a coordinator does with a reason that passes. */
const offer = async (task: Task) => {
  scene.coordinator.tasks.push(task);
  return waits();
};
const answer = (verdict: 'approved' | 'refused', job = scene.job) =>
  answerApproval(scene.folder.approvals, { job, verdict, atMs: 5, by: 'anna', reason: 'SECRET' });
const words = async () => {
  const { entries } = await readDiary(scene.folder.diary);
  return entries.flatMap((entry) => (entry.kind === 'approval' ? entry.word : []));
};

describe('a site whose policy has people asked', () => {
  it('looks at no scan and fetches no model before a person has approved the job, then trains', async () => {
    await scene.enrolAndStart();
    expect(await offer(scene.gate)).toBe('awaiting-approval');
    expect(scene.coordinator.gates[0]?.figures).toBeNull();
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.declined.length === 1);
    expect(scene.coordinator.declined[0]).toMatchObject({ reason: 'awaiting-approval', round: 1 });
    expect(scene.trainer.orders).toEqual([]);
    await vi.waitFor(async () =>
      expect((await readStatusFile(scene.folder.status))?.awaiting).toEqual([scene.job]),
    );
    await answer('approved');
    expect(await offer(scene.gate)).toBe('pass');
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
    await vi.waitFor(async () =>
      expect((await readStatusFile(scene.folder.status))?.awaiting).toEqual([]),
    );
    expect(await words()).toEqual(['asked', 'approved']);
  });

  it('says that policy refuses the job where a person does; the reason stays at the site', async () => {
    await scene.enrolAndStart();
    await offer(scene.gate);
    await answer('refused');
    expect(await offer(scene.gate)).toBe('refused-by-policy');
    expect(scene.trainer.orders).toEqual([]);
    expect(await words()).toEqual(['asked', 'refused']);
    const sent = JSON.stringify([scene.coordinator.gates, scene.coordinator.declined]);
    expect(sent).not.toContain('SECRET');
    expect(
      readFileSync(join(scene.folder.approvals, `${scene.job}.answer.json`), 'utf8'),
    ).toContain('SECRET');
  });

  it('asks again where the job is another than the one that was approved', async () => {
    await scene.enrolAndStart();
    await offer(scene.gate);
    await answer('approved');
    const changed = scene.coordinator.put(jobBytes({ training: { batchSize: 1, localEpochs: 9 } }));
    expect(await offer({ ...scene.gate, jobDigest: changed })).toBe('awaiting-approval');
    const [card] = await siteApprovals(scene.folder.approvals, scene.site.policy);
    expect(card).toMatchObject({ jobDigest: changed, localEpochs: 9, answer: null });
    // The same bytes as another job are not approved either.
    expect(await offer({ ...scene.gate, job: 'lesion-2' })).toBe('awaiting-approval');
    const stale = {
      job: scene.job,
      verdict: 'approved',
      atMs: 6,
      by: 'anna',
      reason: null,
    } as const;
    await expect(
      answerApproval(scene.folder.approvals, { ...stale, jobDigest: scene.gate.jobDigest }),
    ).rejects.toMatchObject({ code: 'agent/approval-changed' });
    await expect(
      answerApproval(scene.folder.approvals, { ...stale, job: '../credentials/site' }),
    ).rejects.toMatchObject({ code: 'agent/no-such-approval' });
  });

  it('goes on by what was answered, and asked, before it was killed', async () => {
    const first = await scene.enrolAndStart();
    await offer(scene.gate);
    await first.stop();
    const [asked] = await siteApprovals(scene.folder.approvals, scene.site.policy);
    await answer('approved');
    await scene.start();
    expect(await offer(scene.gate)).toBe('pass');
    const [card] = await siteApprovals(scene.folder.approvals, scene.site.policy);
    expect(card).toMatchObject({
      askedAtMs: asked?.askedAtMs,
      answer: { verdict: 'approved', by: 'anna' },
    });
    const path = join(scene.folder.approvals, `${scene.job}.answer.json`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('tells a coordinator of an older version a word that it knows, and that is asked again', async () => {
    scene.coordinator.lacks = ['approval'];
    await scene.enrolAndStart();
    expect(await offer(scene.gate)).toBe('archive-unreachable');
  });

  it('asks about nothing that the rest of the policy refuses', async () => {
    scene.site = { ...scene.site, policy: { ...scene.site.policy, allowedJobs: ['prostate-*'] } };
    await scene.enrolAndStart();
    expect(await offer(scene.gate)).toBe('refused-by-policy');
    expect(await siteApprovals(scene.folder.approvals, scene.site.policy)).toEqual([]);
  });
});
