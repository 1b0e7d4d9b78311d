import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  enroll,
  resolveSiteConfig,
  type SiteConfigInput,
  siteConfigSchema,
  startAgent,
  stateFolder,
} from '@fedvox/agent';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { type DataSummary, type JobInput, jobSchema } from '@fedvox/job';
import { initialModel, summaryOf, takeFingerprint } from '@fedvox/learning';
import { CAPABILITIES } from '@fedvox/protocol';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writePhantoms } from '../../packages/agent/src/testing/phantom.js';
import { createTestConsortium, FEDERATION, type TestConsortium } from '../support/consortium.js';
import { startTestFederation, type TestFederation } from '../support/federation.js';
import { fedvox } from './command.js';

const JOB: JobInput = {
  name: 'survey',
  classes: ['background', 'organ'],
  data: { modality: 'MR', summary: true },
  preprocess: [{ kind: 'zscore' }, { kind: 'crop-or-pad', size: [16, 16, 16] }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 2 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['organ'] } },
  federation: { rounds: 2, minSites: 3, sites: ['east', 'open', 'closed', 'small'] },
  seed: 7,
};
/** What a scripted site tells of cases that are larger. */
const EAST: DataSummary = {
  ...{ cases: 40, spacingMm: [1, 1, 2], leastSpacingMm: [1, 1, 2], size: [64, 80, 40] },
  ...{ keptPart: 1, mean: 3, standardDeviation: 0.6, low: 1.5, high: 4.5 },
};

describe('fedvox job plan', () => {
  let root: string;
  let consortium: TestConsortium;
  let federation: TestFederation;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'fedvox-job-plan-'));
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium);
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
    await federation.stop();
    await consortium.remove();
    await rm(root, { recursive: true });
  });

  /** Enrolled, with real scans; its agent is a real one. */
  async function hospital(site: string, policy: SiteConfigInput['policy'], cases: number) {
    const folder = join(root, site);
    await writePhantoms(join(folder, 'data'), cases);
    const coordinator = federation.federationAddress;
    const data = { kind: 'msd', path: 'data' } as const;
    const config = resolveSiteConfig(
      siteConfigSchema.parse({ site, coordinator, stateDir: 'state', data, engine: 'cpu', policy }),
      join(folder, 'site.yaml'),
    );
    const { credentials } = stateFolder(config.stateDir);
    await mkdir(credentials, { recursive: true });
    const { expiresAtMs, ...invitation } = await federation.operator.inviteSite(site);
    const terms = { kind: 'fedvox/invitation/v1', federation: FEDERATION } as const;
    const expiresAt = new Date(expiresAtMs).toISOString();
    await enroll(config, { ...invitation, ...terms, expiresAt }, systemClock);
    const start = async () => {
      const agent = await startAgent(config, { log: silentLogger() });
      stops.push(() => agent.stop());
    };
    return { data: config.data, start };
  }

  const plan = (id: string) =>
    fedvox(
      {},
      ...['job', 'plan', id, '--output', join(root, 'job.yaml'), '--json'],
      ...[
        '--coordinator',
        federation.operatorAddress,
        '--operator',
        `${consortium.folder}-operator`,
      ],
    );

  it('is made of what sites tell whose policy lets them, and of nobody else', {
    timeout: 120_000,
  }, async () => {
    const job = jobSchema.parse(JOB);
    const model = encodeWeights(initialModel(job));
    const open = await hospital('open', { shareDataSummary: true, weightSource: 'uniform' }, 6);
    const closed = await hospital('closed', {}, 6);
    const small = await hospital('small', { shareDataSummary: true, minCasesForMetrics: 7 }, 6);
    const { id } = await federation.operator.submitWithModel(JOB, model);
    expect((await plan(id)).stderr).toContain('no site of job');
    for (const { start } of [open, closed, small]) await start();
    const { client } = federation.site('east');
    await client.hello(CAPABILITIES);
    await client.nextTask('idle');
    await client.reportGate({ job: id, outcome: 'pass', figures: 'reported', summary: EAST });
    const answered = async () => {
      const { gate } = await federation.operator.job(id);
      return gate.filter(({ outcome }) => outcome === 'pass').map(({ site }) => site);
    };
    await expect.poll(answered, { timeout: 60_000 }).toEqual(['closed', 'east', 'open', 'small']);

    const own = await takeFingerprint({ datasets: [open.data], classes: job.classes });
    // Its weights tell no number of cases, and so does its summary.
    const told = { ...summaryOf(own), cases: null };
    const { stdout, stderr } = await plan(id);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout).sites).toEqual({ east: EAST, open: told });
    const planned = jobSchema.parse(parse(await readFile(join(root, 'job.yaml'), 'utf8')));
    expect(planned).toMatchObject({
      name: 'survey',
      classes: JOB.classes,
      network: { kind: 'dynunet' },
    });
    const [resample] = planned.preprocess.filter(({ kind }) => kind === 'resample');
    // Of one and of two millimetres, the sites counting alike.
    expect(resample).toEqual({ kind: 'resample', spacingMm: [1, 1, 1.5] });
  });

  it('is refused for a job that asks for nothing', async () => {
    const { summary: _, ...data } = JOB.data ?? {};
    const silent = {
      ...JOB,
      data,
      federation: { ...JOB.federation, sites: ['east', 'north', 'south'] },
    };
    const model = encodeWeights(initialModel(jobSchema.parse(silent)));
    const { id } = await federation.operator.submitWithModel(silent, model);
    expect((await plan(id)).stderr).toContain('does not ask its sites');
  });
});
