import { createPrivateKey } from 'node:crypto';
import type { Chance, Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { durationMs } from '@fedvox/job';
import {
  type Consortium,
  keyId,
  loadOperatorCertificates,
  readCertificate,
  toX509,
} from '@fedvox/pki';
import { MAX_CONNECTIONS, type ServerEvent } from '@fedvox/transport';
import { type CoordinatorConfig, ROUNDS_TERM } from './config.js';
import type { RetentionRules } from './core/retention-rules.js';
import { LogRation } from './log-ration.js';
import { observeServer, watchProgress } from './observation.js';
import { MAX_WAITING } from './serial-queue.js';
import { BestModels } from './shell/best-models.js';
import { CertificateWatch } from './shell/certificate-watch.js';
import { ChangeSignal } from './shell/change-signal.js';
import { DeadlineWatch } from './shell/deadline-watch.js';
import { IdentityWatch } from './shell/identity-watch.js';
import { JobHistory } from './shell/job-history.js';
import { JobRegistry } from './shell/job-registry.js';
import { rateCutsOf } from './shell/job-results.js';
import { catchUp } from './shell/memberships.js';
import { Openings } from './shell/openings.js';
import { OperatorDirectory } from './shell/operator-directory.js';
import { RefusedUpdates } from './shell/refused-updates.js';
import { Retention } from './shell/retention.js';
import { RoundRunner } from './shell/round-runner.js';
import { Sightings } from './shell/sightings.js';
import { SiteDirectory } from './shell/site-directory.js';
import { addStateGauges } from './shell/state-gauges.js';
import { SubmissionDesk } from './shell/submission-desk.js';
import { TaskDesk } from './shell/task-desk.js';
import { createTelemetry } from './shell/telemetry.js';
import { UploadDesk } from './shell/upload-desk.js';
import type { BlobStore } from './store/blob-store.js';
import type { RevocationFile } from './store/revocation-file.js';
import { Spool } from './store/spool.js';
import type { Store } from './store/store.js';
import { ComputeThreads } from './threads/compute-threads.js';

/** A site is "seen" while it was heard of this recently. */
const SEEN_WITHIN_MS = 5 * 60_000;
/** Unless heartbeats are so rare that some must have been missed. */
const MISSED_BEATS = 3;

/** What a coordinator stands on. */
export interface Foundations {
  readonly consortium: Consortium;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly revocations: RevocationFile;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Logger;
  /** The program's version. */
  readonly program: string;
  /** What it speaks on the wire, where a test plays another version. */
  readonly protocolVersion?: number | undefined;
  /** As many as there are processors where absent. */
  readonly computeThreads?: number | undefined;
}

export type Core = Awaited<ReturnType<typeof assemble>>;

/** Everything but what serves it to sites and operators; jobs go on from here. */
export async function assemble(config: CoordinatorConfig, foundations: Foundations) {
  const { consortium, store, blobs, revocations, clock, chance, log } = foundations;
  const { federation, stateDir } = config;
  const spool = await Spool.open(stateDir);
  const threads = new ComputeThreads(clock, foundations.computeThreads);
  const registry = await JobRegistry.load(store, clock);
  const changes = new ChangeSignal(clock);
  const { askAgainMs, heartbeatIntervalMs } = config;
  const tasks = new TaskDesk({
    ...{ registry, changes, clock, askAgainMs },
    rateCutsOf: (job, round) => rateCutsOf(job, round, { store, blobs }),
  });
  const awayAfterMs = Math.max(SEEN_WITHIN_MS, MISSED_BEATS * heartbeatIntervalMs);
  const isAway = (site: string) => tasks.isAway(site, awayAfterMs);
  const telemetry = createTelemetry(() => tasks.seenSince(clock.nowMs() - SEEN_WITHIN_MS));
  const sites = await SiteDirectory.load({
    federation,
    store,
    clock,
    authority: consortium.authority,
    revocations,
    ownKeys: [consortium.coordinator, consortium.authority].map(({ certificatePem }) =>
      keyId(toX509(certificatePem).publicKey),
    ),
    invitationDays: config.invitationDays,
    certificateDays: config.siteCertificateDays,
  });
  const certificates = await loadOperatorCertificates(config.consortiumDir);
  const own = readCertificate(consortium.coordinator.certificatePem);
  const ownKey = own.keyId;
  const operators = await OperatorDirectory.load({
    federation,
    store,
    clock,
    authority: consortium.authority,
    revocations,
    consortiumDir: config.consortiumDir,
    certificates: certificates.map(({ certificatePem }) => certificatePem),
    ownKey,
    certificateDays: config.operatorCertificateDays,
  });
  const refused = new RefusedUpdates({
    registry,
    store,
    changes,
    onRefused: telemetry.onUpdateRefused,
    clock,
    log,
  });
  const openings = new Openings({ registry, changes, clock });
  const uploads = new UploadDesk({
    federation,
    clock,
    registry,
    openings,
    store,
    blobs,
    spool,
    threads,
    receiptKey: createPrivateKey(consortium.coordinator.keyPem),
    receiptKeyId: own.keyId,
    onAccepted: telemetry.onUpdateAccepted,
    onRefused: (job, site, error) => refused.note(job, site, error),
    authorize: (site) => sites.authorize(site),
  });
  sites.onShutOut((site) => uploads.drop(site));
  const submissions = new SubmissionDesk({ registry, store, sites, blobs, clock, chance });
  watchProgress(registry, { changes, telemetry, store, log });
  await catchUp(sites, registry);
  const rounds = new RoundRunner({
    registry,
    store,
    blobs,
    threads,
    settled: (job, round) => uploads.settled(job, round),
    isAway,
    clock,
    log,
    jitter: chance.uniform,
  });
  rounds.start();
  const deadlines = new DeadlineWatch(registry, clock, log, isAway);
  const watching = deadlines.run();
  const identities = new IdentityWatch(clock, (site, connections) => {
    telemetry.onIdentityShared();
    log.error(
      { site, connections },
      'two agents speak as one site: a copied folder or a stolen key',
    );
  });
  const whose = () => operators.certificates();
  const certificateWatch = new CertificateWatch(consortium, whose, clock, log);
  telemetry.watchCertificates(() => certificateWatch.ends());
  const watchingCertificates = certificateWatch.run();
  const history = new JobHistory({ store, blobs });
  const bests = new BestModels(store, history);
  const retention = new Retention({
    store,
    blobs,
    bests,
    rules: rulesOf(config.retention),
    clock,
    log,
  });
  const sweeping = retention.run();
  const sightings = await Sightings.load({ tasks, store, clock, log });
  const recording = sightings.run();
  addStateGauges(telemetry.registry, {
    jobs: () => registry.all().map(({ state }) => state),
    sites: () => sightings.all(),
    queues: () => queuesOf({ registry, sites, operators, uploads, tasks }),
    stateDir,
  });
  const watchers = { log, telemetry, clock, ration: new LogRation() };
  const onServerEvent = (event: ServerEvent) => observeServer(event, watchers);
  const parts = {
    bests,
    history,
    openings,
    registry,
    changes,
    tasks,
    telemetry,
    sites,
    uploads,
    submissions,
    rounds,
    threads,
  };
  return {
    ...foundations,
    ...parts,
    onServerEvent,
    operators,
    identities,
    certificateWatch,
    watchingCertificates,
    deadlines,
    watching,
    retention,
    sweeping,
    sightings,
    recording,
  };
}

type QueueHolders = {
  readonly registry: JobRegistry;
  readonly sites: SiteDirectory;
  readonly operators: OperatorDirectory;
  readonly uploads: UploadDesk;
  readonly tasks: TaskDesk;
};

/** What each site may have one of is bound by the connections that the door lets in. */
function queuesOf({ registry, sites, operators, uploads, tasks }: QueueHolders) {
  const serial = (length: number) => ({ length, limit: MAX_WAITING });
  const oneEach = (length: number) => ({ length, limit: MAX_CONNECTIONS });
  return {
    'job-changes': serial(registry.waiting),
    'site-certificates': serial(sites.waiting),
    'operator-certificates': serial(operators.waiting),
    uploads: oneEach(uploads.waiting.uploads),
    'update-checks': oneEach(uploads.waiting.checks),
    'open-polls': oneEach(tasks.waiting),
  };
}

function rulesOf({ deltas, models }: CoordinatorConfig['retention']): RetentionRules {
  const termMs = (term: string) => (term === 'keep' ? null : durationMs(term));
  const [, rounds] = ROUNDS_TERM.exec(deltas) ?? [];
  return rounds === undefined
    ? { deltasMs: termMs(deltas), deltasRounds: null, modelsMs: termMs(models) }
    : { deltasMs: null, deltasRounds: Number(rounds), modelsMs: termMs(models) };
}

export interface AnyServer {
  stop(): Promise<void>;
}

/** Ends it with what serves it; what is under way continues at the next start. */
export async function disassemble(core: Core, servers: readonly AnyServer[]): Promise<void> {
  core.deadlines.stop();
  core.certificateWatch.stop();
  core.retention.stop();
  core.sightings.stop();
  core.tasks.close();
  core.openings.close();
  core.changes.close();
  await Promise.all([
    core.watching,
    core.watchingCertificates,
    core.sweeping,
    core.recording,
    core.rounds.stop(),
    ...servers.map((server) => server.stop()),
  ]);
  await core.uploads.idle();
  await core.threads.close();
  await core.registry.drained();
  await core.revocations.close();
  await core.store.close();
}
