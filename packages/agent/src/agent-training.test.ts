import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { jobSchema } from '@fedvox/job';
import { initialModel } from '@fedvox/learning';
import type { Task } from '@fedvox/protocol';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { checkSite } from './check-site.js';
import { type RunningAgent, startAgent } from './compose.js';
import type { SiteConfig } from './config.js';
import { enroll } from './enroll.js';
import { stateFolder } from './state/state-folder.js';
import { readCaseFigures } from './status/case-figures-file.js';
import { makeConsortium } from './testing/consortium.js';
import { writePhantoms } from './testing/phantom.js';
import { ScriptedCoordinator } from './testing/scripted-coordinator.js';
import { FAST_PACE, jobBytes, makeSite, SURROUNDINGS, TEST_JOB, until } from './testing/site.js';

/** Processes are started and networks trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const trainerEntryPath = fileURLToPath(
  new URL('../dist/trainer/trainer-entry.js', import.meta.url),
);
const CASES = 7;

let coordinator: ScriptedCoordinator;
let site: SiteConfig;
let agent: RunningAgent | undefined;

beforeAll(async () => {
  coordinator = new ScriptedCoordinator(await makeConsortium('demo'));
  await coordinator.start();
  site = makeSite({ policy: { minCasesForMetrics: 1 } });
  await writePhantoms(site.data.path, CASES);
  await enroll(site, coordinator.invitation, systemClock);
});
afterAll(async () => {
  await agent?.stop();
  await coordinator.stop();
  rmSync(dirname(site.stateDir), { recursive: true });
});

describe.skipIf(!existsSync(trainerEntryPath))('a site with scans and an engine', () => {
  it('passes its check, with nothing sent but a Hello', async () => {
    const { ok, lines, refused } = await checkSite(site, SURROUNDINGS);
    expect(lines.filter((line) => !line.ok)).toEqual([]);
    expect({ ok, refused }).toEqual({ ok: true, refused: [] });
    expect(lines.find(({ what }) => what === 'data')?.text).toContain(`${CASES} usable cases`);
    expect(coordinator.calls).toEqual(['enroll', 'hello']);
  });

  it('trains a network for real, heartbeats meanwhile, and sends deltas of the base’s tensors', async () => {
    const training = { batchSize: 1, localEpochs: 5 };
    const base = initialModel(jobSchema.parse({ ...TEST_JOB, training }));
    const task = { job: 'lesion-1', jobDigest: coordinator.put(jobBytes({ training })) };
    const baseModel = coordinator.put(encodeWeights(base));
    const works: readonly Task['work'][] = [
      { kind: 'check-data' },
      { kind: 'train', round: 1, baseModel },
      { kind: 'evaluate', round: 2, baseModel },
    ];
    coordinator.tasks.push(...works.map((work) => ({ ...task, work })));
    agent = await startAgent(site, { trainerEntryPath, pace: FAST_PACE, log: silentLogger() });
    await until(() => coordinator.accepted.length === 2);

    expect(coordinator.gates).toEqual([{ job: 'lesion-1', outcome: 'pass', figures: 'reported' }]);
    expect(coordinator.beats.filter(({ state }) => state === 'training').length).toBeGreaterThan(1);
    const [trained, evaluated] = coordinator.accepted;
    expect(trained!.statement.weight).toEqual({ value: 6, source: 'examples' });
    expect(trained!.statement.figures).toEqual(evaluated!.statement.figures);
    const { caseFigures } = stateFolder(site.stateDir);
    const measured = await readCaseFigures(caseFigures, 'lesion-1');
    expect(measured).toMatchObject({ round: 2, cases: [{ perClass: [{ name: 'organ' }] }] });
    // Of the one validation case there is, the mean that was signed is its own.
    expect(measured!.cases[0]!.dice).toBeCloseTo(evaluated!.statement.figures.dice!, 4);
    const delta = decodeWeights(trained!.delta!);
    expect([...delta.keys()].sort()).toEqual([...base.keys()].sort());
    expect([...delta.values()].some(({ data }) => data.some((value) => value !== 0))).toBe(true);
  });
});
