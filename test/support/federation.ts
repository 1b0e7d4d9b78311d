import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@fedvox/base/system';
import {
  type CoordinatorConfigInput,
  type CoordinatorSurroundings,
  coordinatorConfigSchema,
  type JobDetails,
  type RunningCoordinator,
  startCoordinator,
} from '@fedvox/coordinator';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import type { JobInput } from '@fedvox/job';
import { encodeWeights, type Weights } from '@fedvox/weights';
import { FEDERATION, SITES, type TestConsortium } from './consortium.js';
import { enrollScriptedSite, type ScriptedSite } from './scripted-site.js';
import { tinyWeights } from './tiny-model.js';

/** A real coordinator on loopback with enrolled scripted sites, and its operator. */
export interface TestFederation {
  readonly stateDir: string;
  /** `host:port` that sites dial. */
  readonly federationAddress: string;
  /** `host:port` that operators dial. */
  readonly operatorAddress: string;
  readonly operator: CoordinatorClient;
  readonly sites: readonly ScriptedSite[];
  site(name: string): ScriptedSite;
  submit(changes?: JobChanges): Promise<string>;
  stop(): Promise<void>;
}

export interface JobChanges {
  readonly rounds?: number;
  readonly minSites?: number;
  readonly deadline?: string;
  readonly grace?: string;
  readonly gate?: string;
  /** Every site where absent. */
  readonly sites?: string[];
  readonly archive?: true;
  readonly strategy?: JobInput['federation']['strategy'];
  readonly selection?: JobInput['selection'];
  /** Batches of one where absent. */
  readonly training?: JobInput['training'];
  /** Every one of them where absent. */
  readonly participation?: JobInput['federation']['participation'];
  readonly firewall?: JobInput['federation']['firewall'];
  /** Float32 where absent. */
  readonly encoding?: JobInput['federation']['encoding'];
}

export const INITIAL_WEIGHTS = tinyWeights('initial');

export async function startTestFederation(
  consortium: TestConsortium,
  surroundings: CoordinatorSurroundings = {},
  settings: Pick<CoordinatorConfigInput, 'retention'> = {},
): Promise<TestFederation> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedvox-federation-'));
  const config = coordinatorConfigSchema.parse({
    ...testConfig(consortium, stateDir),
    ...settings,
  });
  const coordinator = await startCoordinator(config, {
    log: silentLogger(),
    ...surroundings,
  });
  const operator = operatorOf(consortium, coordinator.httpPort);
  const sites = await enrollAll(consortium, operator);
  const stop = async () => {
    for (const site of sites) site.close();
    operator.close();
    await coordinator.stop();
    await rm(stateDir, { recursive: true });
  };
  return {
    stateDir,
    federationAddress: `localhost:${coordinator.federationPort}`,
    operatorAddress: `localhost:${coordinator.httpPort}`,
    operator,
    sites,
    site: (name) => sites.find((site) => site.name === name) as ScriptedSite,
    submit: (changes) => submitTinyJob(operator, stateDir, changes),
    stop,
  };
}

export function testConfig({ folder }: TestConsortium, stateDir: string, ports?: Ports) {
  return coordinatorConfigSchema.parse({
    federation: FEDERATION,
    stateDir,
    consortiumDir: folder,
    publicHost: 'localhost',
    listen: {
      host: 'localhost',
      ...(ports ?? { federationPort: 0, enrollmentPort: 0, httpPort: 0 }),
    },
    heartbeatIntervalMs: 200,
    askAgainMs: 200,
  });
}

export type Ports = Omit<RunningCoordinator, 'stop' | 'leading'>;

export function operatorOf({ consortium }: TestConsortium, httpPort: number): CoordinatorClient {
  return new CoordinatorClient({
    address: `localhost:${httpPort}`,
    federation: FEDERATION,
    caPem: consortium.authority.certificatePem,
    ...consortium.operator,
  });
}

export function enrollAll(
  consortium: TestConsortium,
  operator: CoordinatorClient,
): Promise<ScriptedSite[]> {
  return Promise.all(SITES.map((name) => enrollScriptedSite(consortium, operator, name)));
}

export async function submitTinyJob(
  operator: CoordinatorClient,
  folder: string,
  changes: JobChanges = {},
  weights: Weights = INITIAL_WEIGHTS,
): Promise<string> {
  const path = join(folder, 'initial.safetensors');
  await writeFile(path, encodeWeights(weights));
  const { id } = await operator.submitJob(tinyJob(changes), await operator.putBlob(path));
  return id;
}

export function tinyJob({
  selection,
  training = { batchSize: 1 },
  ...changes
}: JobChanges): JobInput {
  const federation = {
    ...{ rounds: 2, minSites: 2, deadline: '1h' },
    ...changes,
  } as JobInput['federation'];
  return {
    name: 'tiny',
    classes: ['background', 'lesion'],
    preprocess: [{ kind: 'orient' }],
    network: { kind: 'unet', channels: [4, 8], strides: [2] },
    training,
    evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
    ...(selection !== undefined && { selection }),
    federation,
    seed: 1,
  };
}

/** Waits until the job is as wanted; the test's own time limit bounds it. */
export async function waitForJob(
  operator: CoordinatorClient,
  id: string,
  isReached: (job: JobDetails) => boolean,
): Promise<JobDetails> {
  let after = 0;
  for (;;) {
    const job = await operator.job(id);
    if (isReached(job)) return job;
    const events = await operator.events(after, 5_000);
    after = events.at(-1)?.sequence ?? after;
  }
}
