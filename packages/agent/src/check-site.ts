import {
  type Chance,
  type Clock,
  errorText,
  FedvoxError,
  InvariantError,
  isFedvoxError,
} from '@fedvox/base';
import { type Logger, silentLogger } from '@fedvox/base/system';
import { openDataset, type Refusal } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { PacsSource } from '@fedvox/pacs';
import { dayOf, needsRenewal, termOf } from '@fedvox/pki';
import { LONG_POLL_MS } from '@fedvox/protocol';
import { SOCKETS } from '@fedvox/transport';
import type { CheckLine, Finding } from './check-line.js';
import type { SiteConfig } from './config.js';
import type { WorkProgress } from './core/trainer.js';
import { fail } from './errors.js';
import { describeJob, forecastOf, type LookOptions } from './gate-forecast.js';
import { EgressLedger } from './ledger/egress-ledger.js';
import { Line } from './line/line.js';
import { type ArchiveOptions, findInArchive } from './pacs/archive-calls.js';
import { clockSkew, clockText } from './shell/clock-skew.js';
import { callFailureOf } from './shell/failures.js';
import { termWarnings } from './shell/term-warnings.js';
import { CONTACT_EVERY_MS, readContact } from './state/contact.js';
import type { Lock } from './state/lock.js';
import { loadMembership, type Membership } from './state/membership.js';
import { openStateFolder } from './state/open-state-folder.js';
import { type StateFolder, stateFolder } from './state/state-folder.js';

/** For the person at the site; names files, so it stays there. */
export interface SiteCheck {
  readonly ok: boolean;
  readonly lines: readonly CheckLine[];
  /** Every scan that would not be used, with its reason. */
  readonly refused: readonly Refusal[];
}

export interface CheckOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log?: Logger;
  /** A job whose data gate is tried as well. */
  readonly job?: Job;
  readonly onProgress?: (progress: WorkProgress) => void;
}

/**
 * Tries everything that a site needs before it starts; the configuration itself was read by then.
 * Sends one Hello and nothing else; not even that while an agent runs, whose line it is. Never throws for what is wrong with the site: that is its result.
 */
export async function checkSite(
  config: SiteConfig,
  { clock, chance, log = silentLogger(), job, onProgress }: CheckOptions,
): Promise<SiteCheck> {
  const folder = stateFolder(config.stateDir);
  const refused: Refusal[] = [];
  const telling = onProgress === undefined ? {} : { onProgress };
  const lines = [
    ...(await checkMembership(config, clock)),
    await line('data', () =>
      describeData(config, { ...telling, folder, refused, log, clock, chance }),
    ),
    await line('engine', () => describeEngine(config, log)),
  ];
  if (job !== undefined) {
    // What the job refuses is said beside what no job would take.
    const { lines: ofJob, refused: byJob } = await tryGate(config, job, { ...telling, clock, log });
    lines.push(...ofJob);
    const known = new Set(refused.map(({ what, code }) => `${what} ${code}`));
    refused.push(...byJob.filter(({ what, code }) => !known.has(`${what} ${code}`)));
  }
  return { ok: lines.every(({ ok }) => ok), lines, refused };
}

/** Of that the part that looks at no data: the site's certificate, and whether the coordinator answers. */
export async function checkMembership(
  config: SiteConfig,
  clock: Clock,
): Promise<readonly CheckLine[]> {
  const folder = stateFolder(config.stateDir);
  return [
    await line('credentials', () => describeCredentials(config, folder, clock)),
    await line('coordinator', () => sayHello(config, folder, clock)),
  ];
}

/** What the site will answer a job's data gate, by its own data. Nothing is sent. */
export async function tryGate(
  config: SiteConfig,
  job: Job,
  { clock, log = silentLogger(), onProgress }: Omit<CheckOptions, 'job' | 'chance'>,
): Promise<SiteCheck> {
  const refused: Refusal[] = [];
  const telling = onProgress === undefined ? {} : { onProgress };
  const options = { ...telling, folder: stateFolder(config.stateDir), refused, clock, log };
  const found = await line('job', () => describeJob(config, job, options));
  return { ok: found.ok, lines: [found], refused };
}

async function line(what: CheckLine['what'], look: () => Promise<Finding>): Promise<CheckLine> {
  try {
    return { what, ok: true, ...(await look()) };
  } catch (error) {
    const advice = error instanceof FedvoxError ? { advice: error.advice } : {};
    return { what, ok: false, text: errorText(error), ...advice };
  }
}

async function describeCredentials(
  config: SiteConfig,
  folder: StateFolder,
  clock: Clock,
): Promise<Finding> {
  const { certificateChainPem, identity } = (await loadMembership(config, folder)).credentials;
  const { state, endsAtMs } = termOf(certificateChainPem, clock.nowMs());
  const until = dayOf(endsAtMs);
  if (state === 'ended') throw fail('certificate-ended', { until, folder: folder.credentials });
  const text = `site ${identity.name} of ${identity.federation}, valid until ${until}`;
  return needsRenewal(certificateChainPem, clock.nowMs())
    ? { text, advice: 'It ends soon; the agent renews it by itself when it next runs.' }
    : { text };
}

async function sayHello(config: SiteConfig, folder: StateFolder, clock: Clock): Promise<Finding> {
  const membership = await loadMembership(config, folder);
  const lock = await lockUnlessRunning(folder, clock);
  if ('pid' in lock) return describeContact(lock.pid, folder, clock);
  try {
    const ledger = EgressLedger.open(folder.egressLedger, clock);
    const { address, coordinator, welcome } = await firstAnswer(membership, ledger).finally(() =>
      ledger.close(),
    );
    const { federation, protocolVersion, clockMs } = welcome;
    const nowMs = clock.nowMs();
    const skew = clockSkew(nowMs, clockMs);
    if (skew !== undefined) throw skew;
    const clocks = clockText(nowMs, clockMs);
    const answer = `${address} answers for ${federation}, protocol ${protocolVersion}${clocks}`;
    const { caPem } = membership.credentials;
    const [warning] = termWarnings(coordinator.coordinatorCertificate, caPem, nowMs);
    if (warning === undefined) return { text: answer };
    return { text: `${answer}; ${warning.text}`, advice: warning.advice };
  } finally {
    await lock.release();
  }
}

/** Of the coordinators, in their order: what an agent would do. */
async function firstAnswer({ addresses, credentials }: Membership, ledger: EgressLedger) {
  for (const [index, address] of addresses.entries()) {
    const coordinator = new Line({ address, credentials, ledger, dial: SOCKETS.dial });
    try {
      return { address, coordinator, welcome: await coordinator.hello() };
    } catch (error) {
      const isLast = index === addresses.length - 1;
      if (isLast || callFailureOf(error)?.kind !== 'unreachable') throw error;
    } finally {
      coordinator.close();
    }
  }
  throw new InvariantError('a member has an address to dial');
}

/** The lock, or the process that has it: a running agent is not to be disturbed. */
async function lockUnlessRunning(
  folder: StateFolder,
  clock: Clock,
): Promise<Lock | { readonly pid: string }> {
  try {
    return (await openStateFolder(folder.root, clock)).lock;
  } catch (error) {
    if (!isFedvoxError(error, 'agent/already-running')) throw error;
    return { pid: String(error.details['pid']) };
  }
}

/** So many heartbeats without an answer, and the line is not well. */
const MISSED_BEATS = 3;

/** The line is the running agent's: it is asked what it last heard, and nothing is sent. */
async function describeContact(pid: string, folder: StateFolder, clock: Clock): Promise<Finding> {
  const contact = await readContact(folder.contact);
  if (contact === undefined) throw fail('no-contact-yet', { pid });
  const { address, failure, atMs, heartbeatIntervalMs } = contact;
  const agoMs = Math.max(0, clock.nowMs() - atMs);
  const ago = `${Math.round(agoMs / 1_000)} s ago`;
  if (failure !== null) throw fail('agent-without-answer', { pid, ago, reason: failure });
  if (agoMs > MISSED_BEATS * Math.max(heartbeatIntervalMs, LONG_POLL_MS) + CONTACT_EVERY_MS) {
    throw fail('agent-without-answer', { pid, ago, reason: `${address} last answered then` });
  }
  return { text: `${address} answered the running agent (process ${pid}) ${ago}` };
}

/** Without a job the labels cannot be judged; that every scan is readable can. */
async function describeData(
  { data, pacs, policy }: SiteConfig,
  { folder, refused, log, clock, chance, onProgress }: LookOptions & Pick<CheckOptions, 'chance'>,
): Promise<Finding> {
  if (pacs !== undefined) return describeArchive(pacs, { clock, chance, log });
  const dataset = await openDataset(data, [], {
    labels: 'optional',
    indexPath: folder.headerIndex,
    onProgress: (progress) => {
      const { kind: _, ...known } = progress;
      if ('reason' in known) return log.warn(known, 'headers are read anew');
      onProgress?.({ phase: 'reading-headers', ...known });
    },
  });
  refused.push(...dataset.refused);
  const { path } = data;
  if (dataset.cases.length === 0) throw fail('no-usable-cases', { path, refused: refused.length });
  const text = `${dataset.cases.length} usable cases in ${path}, ${refused.length} refused`;
  const forecast = forecastOf(policy, dataset.cases.length);
  if (forecast !== undefined) return { ...forecast, text: `${text}; ${forecast.text}` };
  return refused.length === 0
    ? { text }
    : { text, advice: 'See why with `fedvox data inspect`; refused scans are never trained on.' };
}

/** Searches only: what is found is fetched when a job begins, or by `fedvox data fetch`. */
async function describeArchive(pacs: PacsSource, options: ArchiveOptions): Promise<Finding> {
  const found = await findInArchive(pacs, options);
  return {
    text: `${found.length} series in the PACS at ${new URL(pacs.url).host} match the query`,
  };
}

/** Loaded only here: the engine is heavy, and the agent itself never computes. */
async function describeEngine(config: SiteConfig, log: Logger): Promise<Finding> {
  const { selectEngine } = await import('@fedvox/learning');
  const { engine, threads, device, precision } = config;
  const settings = { device, precision, ...(threads === undefined ? {} : { threads }) };
  const info = await selectEngine(engine, { ...settings, log });
  return { text: `${info.name}: ${info.description}` };
}
