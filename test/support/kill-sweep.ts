import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  enroll,
  type Pace,
  resolveSiteConfig,
  type SiteConfigInput,
  siteConfigSchema,
  startAgent,
  stateFolder,
  type WorkOrder,
} from '@fedvox/agent';
import type { Clock } from '@fedvox/base';
import { silentLogger, systemChance, systemClock } from '@fedvox/base/system';
import {
  type CoordinatorClient,
  type JobDetails,
  openConfiguredStore,
  startCoordinator,
} from '@fedvox/coordinator';
import type { JobInput } from '@fedvox/job';
import type { KeyPair } from '@fedvox/pki';
import { FEDERATION, SITES, type TestConsortium } from './consortium.js';
import { reservePorts } from './coordinator-process.js';
import { DigestTrainer } from './digest-trainer.mjs';
import { operatorOf, type Ports, submitTinyJob, testConfig } from './federation.js';

export type Victim = 'coordinator' | (typeof SITES)[number];

/** Everything that must be the same whoever died when. */
export interface Outcome {
  readonly status: JobDetails['status'];
  /** Digests of each round's model and of what its strategy keeps; and how many updates it took. */
  readonly rounds: readonly (readonly [
    model: string | null,
    state: string | null,
    updates: number,
  ])[];
  /** How many receipts each site holds, and how many answers it still has to deliver. */
  readonly sites: readonly (readonly [receipts: number, undelivered: number])[];
}

export interface Run {
  readonly outcome: Outcome;
  /** Whether the victim died where it was to. */
  readonly died: boolean;
  /** The boundaries that the victim passed, up to its death. */
  readonly passed: readonly string[];
}

/** What a federation goes through in which nobody dies. */
export interface Hardship {
  /** The coordinator's. */
  readonly clock?: Clock;
  /** What is done to the copy of all state before anything starts. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Before each piece of a site's work; may wait. */
  readonly beforeWork?: (work: WorkOrder['work']) => Promise<void>;
  readonly meanwhile?: (folder: string, operator: CoordinatorClient) => Promise<void>;
  /** What must be undone, whatever came of it. */
  readonly cleanUp?: () => void;
}

const PROGRAM = fileURLToPath(new URL('./mortal.mjs', import.meta.url));
const PACE: Pace = { firstRedialMs: 5, maxRedialMs: 50, abstainMs: 30, minIdleMs: 1 };

/**
 * A federation of three sites with a job that was just submitted, as it lies on the disk: each run takes
 * a copy of it to its end, one of the four programs in a process that dies where it is told to.
 */
export class SweepGround {
  private constructor(
    readonly folder: string,
    readonly job: string,
    readonly consortium: TestConsortium,
  ) {}

  static async lay(
    consortium: TestConsortium,
    strategy: NonNullable<JobInput['federation']['strategy']>,
  ): Promise<SweepGround> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-sweep-'));
    const config = testConfig(consortium, join(folder, 'coordinator'));
    const coordinator = await startCoordinator(config, { log: silentLogger() });
    const operator = operatorOf(consortium, coordinator.httpPort);
    for (const site of SITES) await admit(consortium, operator, folder, site);
    // Times are absolute: they must not be over while a sweep is at it.
    const terms = { rounds: 2, minSites: 3, deadline: '7d', gate: '7d', strategy };
    const job = await submitTinyJob(operator, folder, terms);
    operator.close();
    await coordinator.stop();
    return new SweepGround(folder, job, consortium);
  }

  /** @param dieAt the name of the boundary at which the victim is killed; it then starts again */
  async run(victim: Victim, dieAt?: string): Promise<Run> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-sweep-run-'));
    await cp(this.folder, folder, { recursive: true });
    const ports = await reservePorts();
    const stops: (() => Promise<unknown>)[] = [];
    try {
      const mortal = new Mortal(victim, this.#settings(victim, folder, ports), folder, dieAt);
      const others = (['coordinator', ...SITES] as const).filter((each) => each !== victim);
      for (const each of others) stops.push(await this.#start(each, folder, ports));
      const operator = operatorOf(this.consortium, ports.httpPort);
      const done = new AbortController();
      stops.push(() => mortal.stop());
      const living = mortal.live(done.signal);
      await Promise.race([untilEnded(operator, this.job, folder), living]);
      done.abort();
      operator.close();
      await Promise.all(stops.toReversed().map((stop) => stop()));
      stops.length = 0;
      const passed = (await readFile(mortal.list, 'utf8').catch(() => '')).split('\n');
      const outcome = await outcomeOf(this.consortium, folder, this.job);
      return { outcome, died: mortal.died, passed: passed.filter((name) => name !== '') };
    } finally {
      await Promise.all(stops.map((stop) => stop()));
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** All in this process; a job that fails is resumed, as its operator would. */
  async suffer(hardship: Hardship): Promise<Outcome> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-sweep-run-'));
    await cp(this.folder, folder, { recursive: true });
    const ports = await reservePorts();
    const stops: (() => Promise<unknown>)[] = [];
    try {
      await hardship.prepare?.(folder);
      for (const each of ['coordinator', ...SITES] as const) {
        stops.push(await this.#start(each, folder, ports, hardship));
      }
      const operator = operatorOf(this.consortium, ports.httpPort);
      stops.push(async () => operator.close());
      await Promise.all([
        hardship.meanwhile?.(folder, operator),
        untilEnded(operator, this.job, folder, () => operator.resumeJob(this.job)),
      ]);
      await Promise.all(stops.splice(0).map((stop) => stop()));
      return await outcomeOf(this.consortium, folder, this.job);
    } finally {
      await Promise.all(stops.map((stop) => stop()));
      hardship.cleanUp?.();
      await rm(folder, { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  #settings(who: Victim, folder: string, ports: Ports): object {
    if (who !== 'coordinator') return { config: siteConfig(folder, who, ports), pace: PACE };
    return { ...testConfig(this.consortium, join(folder, 'coordinator'), ports) };
  }

  /** In this process. */
  async #start(
    who: Victim,
    folder: string,
    ports: Ports,
    { clock = systemClock, beforeWork }: Hardship = {},
  ): Promise<() => Promise<unknown>> {
    const log = silentLogger();
    if (who === 'coordinator') {
      const config = testConfig(this.consortium, join(folder, 'coordinator'), ports);
      const { stop } = await startCoordinator(config, { log, clock });
      return stop;
    }
    const config = resolveSiteConfig(
      siteConfigSchema.parse(siteConfig(folder, who, ports)),
      join(folder, 'site.yaml'),
    );
    const trainer = new DigestTrainer(who, beforeWork);
    const agent = await startAgent(config, { log, pace: PACE, trainer });
    return () => agent.stop();
  }
}

/** The program that dies, and its successors. */
class Mortal {
  readonly list: string;
  died = false;
  #child: ChildProcess | undefined;

  constructor(
    readonly victim: Victim,
    readonly settings: object,
    readonly folder: string,
    readonly dieAt: string | undefined,
  ) {
    this.list = join(folder, 'boundaries');
  }

  /** Starts it, and once more when it has died; rejects where it ends otherwise. */
  async live(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isFirst = !this.died;
      const role = this.victim === 'coordinator' ? 'coordinator' : 'agent';
      this.#child = spawn(process.execPath, [PROGRAM, role, JSON.stringify(this.settings)], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: {
          ...process.env,
          ...(isFirst && { FEDVOX_BOUNDARIES: this.list }),
          ...(isFirst && this.dieAt !== undefined && { FEDVOX_DIE_AT: this.dieAt }),
          FEDVOX_STATE: join(this.folder, this.victim),
        },
      });
      const [code, killedBy] = await once(this.#child, 'exit');
      if (signal.aborted) return;
      if (killedBy !== 'SIGKILL' || this.died) {
        throw new Error(`${this.victim} ended with ${killedBy ?? code} after ${this.dieAt}`);
      }
      this.died = true;
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** Enrols a site: its key is there, as an enrolment that was cut off leaves it. */
async function admit(
  consortium: TestConsortium,
  operator: CoordinatorClient,
  folder: string,
  site: (typeof SITES)[number],
): Promise<void> {
  const config = resolveSiteConfig(
    siteConfigSchema.parse(siteConfig(folder, site)),
    join(folder, 'site.yaml'),
  );
  const { credentials } = stateFolder(config.stateDir);
  await mkdir(credentials, { recursive: true });
  const { privateKeyPem } = consortium.siteKeys.get(site) as KeyPair;
  await writeFile(join(credentials, 'pending.key'), privateKeyPem, { mode: 0o600 });
  const { expiresAtMs, ...invitation } = await operator.inviteSite(site);
  const terms = { kind: 'fedvox/invitation/v1', federation: FEDERATION } as const;
  await enroll(
    config,
    { ...invitation, ...terms, expiresAt: new Date(expiresAtMs).toISOString() },
    systemClock,
  );
}

function siteConfig(folder: string, site: string, ports?: Ports): SiteConfigInput {
  return {
    site,
    stateDir: join(folder, site),
    ...(ports !== undefined && { coordinator: `localhost:${ports.federationPort}` }),
    data: { kind: 'msd', path: 'none' },
    engine: 'cpu',
  };
}

const LOOK_MS = 20;

/** Until the job has ended and no site has anything left to deliver. */
async function untilEnded(
  operator: CoordinatorClient,
  job: string,
  folder: string,
  onFailed: () => Promise<unknown> = () => Promise.reject(new Error('the job failed')),
): Promise<void> {
  for (;;) {
    const status = await operator.job(job).then(
      (found) => found.status,
      () => 'away', // The coordinator is the victim.
    );
    if (status === 'failed') await onFailed();
    if (status === 'completed') break;
    await setTimeout(LOOK_MS);
  }
  while ((await undelivered(folder)).some((count) => count > 0)) await setTimeout(LOOK_MS);
}

export function undelivered(folder: string): Promise<number[]> {
  return Promise.all(SITES.map((site) => count(stateFolder(join(folder, site)).outbox)));
}

const count = async (folder: string) =>
  (await readdir(folder)).filter((name) => !name.startsWith('.')).length;

async function outcomeOf(
  consortium: TestConsortium,
  folder: string,
  job: string,
): Promise<Outcome> {
  const store = await openConfiguredStore(testConfig(consortium, join(folder, 'coordinator')), {
    clock: systemClock,
    chance: systemChance,
    log: silentLogger(),
    onStandby: async () => undefined,
  });
  try {
    const rounds = await store.rounds(job);
    const status = (await store.job(job))?.state.status ?? 'failed';
    const receipts = SITES.map((site) => count(stateFolder(join(folder, site)).receipts));
    const waiting = await undelivered(folder);
    return {
      status,
      rounds: await Promise.all(
        rounds.map(async ({ round, model, serverState }) => {
          const updates = await store.updates(job, round);
          return [model, serverState, updates.length] as const;
        }),
      ),
      sites: (await Promise.all(receipts)).map((held, at) => [held, waiting[at] ?? 0] as const),
    };
  } finally {
    await store.close();
  }
}
