import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import type { JobDetails } from '@fedvox/coordinator';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type Job, jobSchema } from '@fedvox/job';
import {
  LocalFederation,
  type LocalSite,
  PHANTOM_CLASSES,
  phantomSchema,
  writeHospital,
} from '@fedvox/simulator';
import { FEDVOX } from './fedvox-command.js';

const TINY_SITES = ['north', 'south'] as const;
const SEED = 3;
const TINY_PATIENTS = 6;
const PHANTOM = phantomSchema.parse({
  kind: 'phantom',
  cases: TINY_PATIENTS,
  scanner: { spacingMm: [6, 6, 6] },
});

/** A job that any engine does in seconds. */
export function tinyJob(rounds: number): Job {
  return jobSchema.parse({
    name: 'tiny',
    classes: [...PHANTOM_CLASSES],
    data: { modality: 'MR' },
    preprocess: [
      { kind: 'orient' },
      { kind: 'zscore' },
      { kind: 'crop-or-pad', size: [20, 20, 12] },
    ],
    augment: [{ kind: 'flip', axes: ['x'] }],
    network: { kind: 'unet', channels: [2, 4], strides: [2], residualUnits: 1 },
    training: { batchSize: 2 },
    evaluation: {
      bestBy: 'dice',
      auc: { level: 'case', classes: ['lesion'] },
      validationFraction: 0.3,
    },
    federation: { rounds, minSites: 2, deadline: '5m' },
    seed: SEED,
  });
}

/** Two phantom hospitals and a coordinator, each a process; agents are left for the test to start. */
export async function foundTinyFederation(): Promise<LocalFederation> {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-e2e-'));
  const federation = await LocalFederation.found({
    command: FEDVOX,
    folder,
    federation: 'tiny',
    clock: systemClock,
  });
  await federation.startCoordinator();
  await Promise.all(
    TINY_SITES.map(async (name) => {
      const data = await writeHospital(federation.folders.site(name).data, name, PHANTOM, SEED);
      const site: LocalSite = {
        name,
        data,
        engine: 'auto',
        threads: 1,
        policy: { minCasesForMetrics: 1, minCohort: 2 },
      };
      await federation.invite(site);
    }),
  );
  return federation;
}

export async function joinAll(federation: LocalFederation): Promise<void> {
  await Promise.all(
    TINY_SITES.map(async (name) => {
      await federation.enroll(name);
      await federation.startAgent(name);
    }),
  );
}

export async function removeFederation(federation: LocalFederation): Promise<void> {
  await federation.stop();
  await rm(federation.folders.root, { recursive: true });
}

/** Asks for the job until it is as wanted; the test's own timeout bounds the loop. */
export async function untilJob(
  client: CoordinatorClient,
  id: string,
  wanted: (job: JobDetails) => boolean,
): Promise<JobDetails> {
  for (;;) {
    const job = await client.job(id);
    if (wanted(job)) return job;
    await systemClock.sleep(50);
  }
}
