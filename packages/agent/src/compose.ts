import { existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { type Chance, type Clock, errorText } from '@fedvox/base';
import {
  createLogger,
  type Logger,
  programVersion,
  systemChance,
  systemClock,
  systemFailure,
} from '@fedvox/base/system';
import { casesFolder } from '@fedvox/pacs';
import { type Credentials, dayOf, termOf } from '@fedvox/pki';
import { SOCKETS, type Wire } from '@fedvox/transport';
import type { SiteConfig } from './config.js';
import { newAgent } from './core/agent-machine.js';
import type { Trainer } from './core/trainer.js';
import { fail } from './errors.js';
import { EgressLedger } from './ledger/egress-ledger.js';
import { keepEgressSums } from './ledger/sums-file.js';
import { type ArchiveOptions, fetchArchive } from './pacs/archive-calls.js';
import { FetchingTrainer } from './pacs/fetching-trainer.js';
import { RealActions } from './shell/actions.js';
import { AgentShell, type StepObserver } from './shell/agent-shell.js';
import { DEFAULT_PACE, type Pace } from './shell/pace.js';
import { StatementSigner } from './shell/signing.js';
import { type AgentSelf, SiteRecord } from './shell/site-record.js';
import { ContactKeeper } from './state/contact.js';
import { KeptRounds } from './state/kept-rounds.js';
import { loadMembership } from './state/membership.js';
import { openStateFolder } from './state/open-state-folder.js';
import { Outbox } from './state/outbox.js';
import { removeLeftovers, type StateFolder } from './state/state-folder.js';
import { ChildTrainer } from './trainer/child-trainer.js';
import { EncodingTrainer } from './trainer/encoding-trainer.js';

/** A busy hour adds some hundred kilobytes to the ledger. */
const KEEP_SUMS_EVERY_MS = 3_600_000;

export interface AgentOptions {
  /** Stops the agent in good order when it aborts. */
  readonly signal?: AbortSignal;
  readonly log?: Logger;
  /** The program's version, where it is not its own. */
  readonly program?: string;
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly pace?: Pace;
  /** By which the coordinator is reached: sockets unless told. */
  readonly wire?: Pick<Wire, 'dial'>;
  /** The trainer's compiled program, where it is not beside this one. */
  readonly trainerEntryPath?: string;
  /** Instead of a child process: for tests and simulations. */
  readonly trainer?: Trainer & { close(): Promise<void> };
}

export interface RunningAgent {
  /** Ends the training child, leaves everything durable, and resolves within seconds. */
  stop(): Promise<void>;
  /**
   * Resolves after `stop`; rejects where the agent cannot go on: with the coordinator's refusal
   * (`refused/revoked`, `refused/protocol-too-old`, …) or what is wrong on this machine.
   */
  readonly done: Promise<void>;
}

/**
 * Starts a site's agent: it dials out, never listens, and keeps trying while the coordinator is away.
 * @throws FedvoxError where it could never work: `agent/not-enrolled`, `agent/site-mismatch`,
 *   `agent/certificate-ended`, `agent/already-running`, `agent/trainer-missing`, `pki/credentials-…`, `agent/state-unreadable`,
 *   `agent/state-too-new`, `agent/state-half-back`
 */
export async function startAgent(
  config: SiteConfig,
  options: AgentOptions = {},
): Promise<RunningAgent> {
  const {
    clock = systemClock,
    chance = systemChance,
    log = createLogger({ name: 'agent' }),
    program = programVersion(),
  } = options;
  const { folder, lock } = await openStateFolder(config.stateDir, clock, { program, log });
  try {
    const agent = await assemble(config, folder, { ...options, clock, chance, log, program });
    const done = agent.run().finally(() => lock.release());
    const stop = () => {
      agent.stop();
      return done;
    };
    if (options.signal?.aborted) agent.stop();
    options.signal?.addEventListener('abort', () => agent.stop(), { once: true });
    return { stop, done };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Options in which these are no longer left open. */
type Surrounded<Given extends keyof AgentOptions> = AgentOptions &
  Required<Pick<AgentOptions, Given>>;

interface Assembled {
  run(): Promise<void>;
  stop(): void;
}

async function assemble(
  config: SiteConfig,
  folder: StateFolder,
  options: Surrounded<'clock' | 'chance' | 'log' | 'program'>,
): Promise<Assembled> {
  const { clock, chance, log, program, pace = DEFAULT_PACE } = options;
  const { dial } = options.wire ?? SOCKETS;
  const { credentials, addresses } = await loadMembership(config, folder);
  refuseIfEnded(credentials, folder, clock.nowMs());
  await removeLeftovers(folder);
  const kept = new KeptRounds(folder.kept);
  await kept.removeLeftovers();
  // What an earlier agent knew of its line is no news of this one's.
  await rm(folder.contact, { force: true });
  const archive = { clock, chance, log };
  const own =
    options.trainer ??
    (await childTrainer(config, folder, options, (cases) => record.onCases(cases)));
  const trainer = new EncodingTrainer(withArchive(config, folder, archive, own), log);
  const outbox = await Outbox.open(folder.outbox);
  const undelivered = (await outbox.list()).map(({ answer }) => answer);
  const ledger = EgressLedger.open(folder.egressLedger, clock);
  const record: SiteRecord = new SiteRecord(folder, selfOf(credentials, program), () => actions, {
    clock,
    log,
  });
  const actions: RealActions = new RealActions(
    {
      config,
      folder,
      addresses,
      dial,
      ledger,
      contact: new ContactKeeper(folder.contact, clock),
      outbox,
      kept,
      signer: new StatementSigner(folder.counter, clock),
      trainer,
      record,
      clock,
      jitter: chance.uniform,
      pace,
      log,
    },
    credentials,
  );
  const onStep: StepObserver = (...step) => record.onStep(...step);
  const shell = new AgentShell(newAgent(undelivered), actions, clock, log, onStep);
  const sums = clock.every(KEEP_SUMS_EVERY_MS, () => void keepSums(folder, log), {
    background: true,
  });
  const run = async () => {
    const { federation } = credentials.identity;
    log.info({ site: config.site, federation, addresses }, 'agent dials out');
    try {
      const atStart = keepSums(folder, log);
      const reason = await shell.run().finally(() => atStart);
      if (reason.kind === 'refused') throw actions.refusal(reason.code);
    } finally {
      actions.close();
      await trainer.close();
      ledger.close();
      sums.cancel();
      await keepSums(folder, log);
      await record.close();
      log.info({ site: config.site }, 'agent stopped');
    }
  };
  return { run, stop: () => shell.stop() };
}

/** Read by people, and made again from the ledger where they are lost: what fails here stops nothing. */
async function keepSums({ egressLedger }: StateFolder, log: Logger): Promise<void> {
  await keepEgressSums(egressLedger).catch((error: unknown) =>
    log.warn({ err: error }, 'the sums over the egress ledger could not be kept'),
  );
}

/** What the agent's status says that it is. */
function selfOf({ identity: { name: site, federation } }: Credentials, program: string): AgentSelf {
  return { program, pid: process.pid, site, federation };
}

/** Started with it, the agent would dial for ever and be turned away in every handshake. */
function refuseIfEnded(
  { certificateChainPem }: Credentials,
  { credentials: folder }: StateFolder,
  nowMs: number,
): void {
  const { state, endsAtMs } = termOf(certificateChainPem, nowMs);
  if (state === 'ended') throw fail('certificate-ended', { until: dayOf(endsAtMs), folder });
}

/** A folder that is not there is told at the start, not at the first job's gate. */
async function refuseMissingData({ site, data, pacs }: SiteConfig): Promise<void> {
  if (pacs !== undefined) return;
  const { path } = data;
  const reason = await stat(path).then(
    (found) => (found.isDirectory() ? undefined : 'it is no folder'),
    (error: unknown) => errorText(systemFailure(error) ?? error),
  );
  if (reason !== undefined) throw fail('data-folder-missing', { site, path, reason });
}

type ClosableTrainer = NonNullable<AgentOptions['trainer']>;

/** Fills the folder to train on from the hospital's archive, where the site has named one. */
function withArchive(
  { pacs }: SiteConfig,
  folder: StateFolder,
  options: ArchiveOptions,
  trainer: ClosableTrainer,
): ClosableTrainer {
  if (pacs === undefined) return trainer;
  return new FetchingTrainer(trainer, {
    isFilled: () => existsSync(casesFolder(folder.pacs)),
    fill: (signal) => fetchArchive(pacs, folder, { ...options, signal }),
  });
}

async function childTrainer(
  config: SiteConfig,
  folder: StateFolder,
  { clock, log, trainerEntryPath: entryPath }: Surrounded<'clock' | 'log'>,
  onCases: SiteRecord['onCases'],
): Promise<ChildTrainer> {
  await refuseMissingData(config);
  const { site, data, engine, threads, device, precision } = config;
  const trainer = new ChildTrainer({
    setup: {
      site,
      dataset: data,
      cacheDir: folder.cache,
      splitsDir: folder.splits,
      headerIndex: folder.headerIndex,
      engine,
      device,
      precision,
      ...(threads === undefined ? {} : { threads }),
      logLevel: log.level,
    },
    clock,
    onCases,
    ...(entryPath === undefined ? {} : { entryPath }),
  });
  trainer.check();
  return trainer;
}
