import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningAgent, resolveSiteConfig, siteConfigSchema, startAgent } from '@fedvox/agent';
import { silentLogger } from '@fedvox/base/system';
import {
  type CoordinatorConfig,
  type CoordinatorConfigInput,
  type CoordinatorSurroundings,
  coordinatorConfigSchema,
  type RunningCoordinator,
  startCoordinator,
} from '@fedvox/coordinator';
import { CoordinatorClient } from '@fedvox/coordinator/client';
import { DigestTrainer } from './digest-trainer.mjs';

const FOLDER = fileURLToPath(new URL('../fixtures/federation-0.1/', import.meta.url));
const FEDERATION = 'oldfed';
export const RECORDED_SITES = ['east', 'north', 'south'] as const;

/** What the version that left the state made of each job when it went on with it. */
export interface RecordedJob {
  readonly id: string;
  /** Digests of the models, the initial one first. */
  readonly rounds: readonly string[];
  readonly best: { readonly round: number; readonly sha256: string };
}

export const RECORDED_JOBS: Readonly<Record<'ended' | 'paused' | 'running', RecordedJob>> =
  JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));

type Settings = Pick<CoordinatorConfigInput, 'store' | 'blobs'>;

/**
 * A copy of a federation's state as version 0.1 left it when coordinator and agents were killed in the
 * middle of round 2 of job `running`: east's update accepted but its receipt never sent, north's come in
 * by its first kilobyte, south's not yet trained. Job `ended` has ended, `paused` waits at its gate.
 */
export class RecordedFederation {
  readonly root = mkdtempSync(join(tmpdir(), 'fedvox-recorded-'));

  constructor() {
    execFileSync('tar', ['-C', this.root, '-xzf', join(FOLDER, 'state.tar.gz')]);
  }

  get stateDir(): string {
    return join(this.root, 'coordinator');
  }

  siteFolder(site: string): string {
    return join(this.root, 'sites', site);
  }

  startCoordinator(
    surroundings: CoordinatorSurroundings = {},
    settings: Settings = {},
  ): Promise<RunningCoordinator> {
    return startCoordinator(this.config(settings), { log: silentLogger(), ...surroundings });
  }

  config(settings: Settings = {}): CoordinatorConfig {
    return coordinatorConfigSchema.parse({
      federation: FEDERATION,
      stateDir: this.stateDir,
      consortiumDir: join(this.root, 'consortium'),
      publicHost: 'localhost',
      listen: { host: 'localhost', federationPort: 0, enrollmentPort: 0, httpPort: 0 },
      heartbeatIntervalMs: 200,
      ...settings,
    });
  }

  operator({ httpPort }: RunningCoordinator): CoordinatorClient {
    const read = (name: string) => readFileSync(join(this.root, 'consortium', name), 'utf8');
    return new CoordinatorClient({
      address: `localhost:${httpPort}`,
      federation: FEDERATION,
      caPem: read('ca.pem'),
      certificatePem: read('operator.pem'),
      keyPem: read('operator.key'),
    });
  }

  startAgent(
    site: (typeof RECORDED_SITES)[number],
    { federationPort }: Pick<RunningCoordinator, 'federationPort'>,
  ): Promise<RunningAgent> {
    const config = siteConfigSchema.parse({
      site,
      stateDir: this.siteFolder(site),
      coordinator: `localhost:${federationPort}`,
      data: { kind: 'msd', path: 'none' },
      engine: 'cpu',
    });
    return startAgent(resolveSiteConfig(config, join(this.root, 'site.yaml')), {
      trainer: new DigestTrainer(site),
      log: silentLogger(),
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
