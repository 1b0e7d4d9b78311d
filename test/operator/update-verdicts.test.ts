import { encodeWeights, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import type { ScriptedSite } from '../support/scripted-site.js';
import { digestOf, expectedModel, tinyDelta } from '../support/tiny-model.js';
import { fedvox } from './command.js';

/** The tiny model has too few values for directions to say anything. */
const firewall = { maxNormRatio: 5, minCosine: -0.99 };
const WEIGHTS = { east: 3, north: 17, south: 1 };

let consortium: TestConsortium;
let federation: TestFederation;
beforeAll(async () => {
  consortium = await createTestConsortium();
  federation = await startTestFederation(consortium);
});
afterAll(async () => {
  await federation.stop();
  await consortium.remove();
});

const asOperator = (...argv: string[]) => {
  const where = ['--coordinator', federation.operatorAddress, '--consortium', consortium.folder];
  return fedvox({}, ...argv, ...where);
};

/** Everybody passes the gate and trains round 1; south's delta is a hundred times as large as honest. */
async function attacked(onQuarantine: 'go-on' | 'wait', minSites = 2): Promise<string> {
  const id = await federation.submit({
    ...{ rounds: 1, minSites },
    firewall: { ...firewall, onQuarantine },
  });
  for (const site of federation.sites) await site.workOnce();
  for (const site of federation.sites) {
    const task = await site.nextRoundTask();
    const delta = encodeWeights(site.name === 'south' ? enormous() : tinyDelta(site.name, 1));
    const receipt = await site.deliver(site.sign(task, { delta }));
    expect(receipt.payload.byteLength).toBeGreaterThan(0);
  }
  return id;
}

const enormous = (): Weights =>
  new Map(
    [...tinyDelta('south', 1)].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => 100 * value) },
    ]),
  );

const without = (...left: string[]) =>
  Object.entries(WEIGHTS).flatMap(([site, weight]) =>
    left.includes(site) ? [] : [{ site, weight }],
  );

async function evaluated(id: string, ...first: ScriptedSite[]): Promise<void> {
  const others = federation.sites.filter((site) => !first.includes(site));
  for (const site of [...first, ...others]) await site.workOnce();
  await waitForJob(federation.operator, id, ({ status }) => status === 'completed');
}

const facts = async (id: string) =>
  (await federation.operator.events(0)).flatMap(({ jobId, fact }) => (jobId === id ? [fact] : []));

describe('an update that the firewall leaves out', () => {
  it('is received, averaged without, told to its site and shown to the operator', async () => {
    const id = await attacked('go-on');
    await waitForJob(federation.operator, id, ({ rounds }) => rounds.length === 2);
    const south = federation.site('south');
    expect((await south.nextRoundTask()).leftOut).toEqual({ round: 1, reason: 'norm-too-large' });
    expect((await federation.site('east').nextRoundTask()).leftOut).toBeUndefined();
    await evaluated(id);
    const { rounds } = await federation.operator.job(id);
    const model = expectedModel(INITIAL_WEIGHTS, 1, without('south'));
    expect(rounds[1]?.modelSha256).toBe(digestOf(model));
    const updates = await federation.operator.updates(id, 1);
    expect(updates.map(({ site, verdict }) => [site, verdict?.reason])).toEqual([
      ['east', null],
      ['north', null],
      ['south', 'norm-too-large'],
    ]);
    expect((await asOperator('job', 'show', id)).stdout).toMatch(
      /Updates to look at:\n\n.*\n.*\n1 +south +quarantined: norm-too-large +\S+ +\S+ +firewall/,
    );
    const late = await asOperator('job', 'release', id, '--round', '1', '--site', 'south');
    expect(late.stderr).toMatch(/is completed already/);
  });

  it('is averaged where an operator says so while the round is held for that', async () => {
    const id = await attacked('wait');
    await waitForJob(federation.operator, id, ({ status }) => status === 'paused');
    const { current } = await federation.operator.job(id);
    expect(current).toMatchObject({ phase: 'held' });
    expect(current?.sites.map(({ site, answer }) => [site, answer])).toEqual([
      ['east', 'answered'],
      ['north', 'answered'],
      ['south', 'quarantined'],
    ]);
    const about = ['--round', '1', '--site'];
    const released = await asOperator('job', 'release', id, ...about, 'south');
    expect(released.stdout).toBe(
      `The update of south in round 1 is averaged. Job ${id} is paused. "fedvox job resume ${id}" goes on with it.\n`,
    );
    const out = await asOperator('job', 'quarantine', id, ...about, 'north');
    expect(out).toMatchObject({ exitCode: 0, stderr: '' });
    const unknown = await asOperator('job', 'quarantine', id, ...about, 'west');
    expect(unknown.stderr).toMatch(/^error: job tiny-\w+ has no update of site west in round 1/);
    await asOperator('job', 'resume', id);
    await waitForJob(federation.operator, id, ({ rounds }) => rounds.length === 2);
    const late = await asOperator('job', 'quarantine', id, ...about, 'east');
    expect(late.stderr).toMatch(/^error: round 1 of job tiny-\w+ is averaged, or about to be/);
    expect((await federation.site('north').nextRoundTask()).leftOut).toEqual({
      round: 1,
      reason: 'by-operator',
    });
    await evaluated(id);
    const by = 'operator';
    expect(await facts(id)).toEqual(
      expect.arrayContaining([
        { kind: 'update-quarantined', round: 1, site: 'south', reason: 'norm-too-large' },
        { kind: 'round-held', round: 1, quarantined: 1 },
        { kind: 'update-released', round: 1, site: 'south', by },
        { kind: 'update-quarantined', round: 1, site: 'north', reason: 'by-operator', by },
      ]),
    );
    expect((await federation.operator.job(id)).verdicts).toMatchObject([
      { site: 'north', reason: 'by-operator', by },
      { site: 'south', reason: null, by },
    ]);
  });

  it('fails the round by name where too few are left, and a release lets it go on', async () => {
    const id = await attacked('go-on', 3);
    const failed = await waitForJob(federation.operator, id, ({ status }) => status === 'failed');
    expect(failed.reason).toBe('quarantined-below-quorum');
    await federation.operator.releaseUpdate(id, 1, 'south');
    await federation.operator.resumeJob(id);
    await evaluated(id);
    const { verdicts } = await federation.operator.job(id);
    expect(verdicts).toMatchObject([{ round: 1, site: 'south', reason: null, by: 'operator' }]);
  });
});
