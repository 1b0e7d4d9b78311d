import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance, systemClock } from '@fedvox/base/system';
import { encodeJob, type JobInput, jobSchema } from '@fedvox/job';
import {
  resolveSiteConfig,
  type SiteConfig,
  type SiteConfigInput,
  siteConfigSchema,
} from '../config.js';
import type { Pace } from '../shell/pace.js';
import { stateFolder } from '../state/state-folder.js';

export const FAST_PACE: Pace = { firstRedialMs: 5, maxRedialMs: 50, abstainMs: 30, minIdleMs: 1 };

/** What the world gives to a command of the site's. */
export const SURROUNDINGS = { clock: systemClock, chance: systemChance };

/** A site's configuration in a fresh folder. */
export function makeSite(changes: Partial<SiteConfigInput> = {}): SiteConfig {
  const folder = mkdtempSync(join(tmpdir(), 'fedvox-site-'));
  const input: SiteConfigInput = {
    site: 'north',
    stateDir: 'state',
    data: { kind: 'msd', path: 'data' },
    engine: 'cpu',
    ...changes,
  };
  return resolveSiteConfig(siteConfigSchema.parse(input), join(folder, 'site.yaml'));
}

export const TEST_JOB: JobInput = {
  name: 'lesion',
  classes: ['background', 'organ'],
  preprocess: [{ kind: 'zscore' }, { kind: 'crop-or-pad', size: [16, 16, 16] }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 2, localEpochs: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['organ'] } },
  federation: { rounds: 2, minSites: 3 },
  seed: 7,
};

/** A job's canonical bytes. */
export function jobBytes(changes: Partial<JobInput> = {}): Uint8Array {
  return encodeJob(jobSchema.parse({ ...TEST_JOB, ...changes }));
}

/** Waits for what a test expects to come about; the test's own timeout bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(5);
}

/**
 * Leaves a key as an enrolment that was cut off does, so that the next one need not make its own: RSA
 * keys take half a second each.
 */
export function leavePendingKey(config: SiteConfig, privateKeyPem: string): void {
  const { credentials } = stateFolder(config.stateDir);
  mkdirSync(credentials, { recursive: true });
  writeFileSync(join(credentials, 'pending.key'), privateKeyPem, { mode: 0o600 });
}
