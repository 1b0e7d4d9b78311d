import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import type { Chance, Clock } from '@fedvox/base';
import {
  createLogger,
  formatAddress,
  type Logger,
  makeFolderDurably,
  makePrivateFolder,
  systemChance,
  systemClock,
} from '@fedvox/base/system';
import { durationMs } from '@fedvox/job';
import {
  type Consortium,
  keyId,
  loadOperatorCertificates,
  readCertificate,
  toX509,
} from '@fedvox/pki';
import {
  createEnrollmentServer,
  createFederationServer,
  type RunningServer,
  type ServerEvent,
} from '@fedvox/transport';
import type { CoordinatorConfig } from './config.js';
import type { RetentionRules } from './core/retention-rules.js';
import { federationHandlers } from './grpc/site-calls.js';
import { type RunningHttpServer, startHttpServer } from './http/server.js';
import { LogRation } from './log-ration.js';
import { observeServer, watchProgress } from './observation.js';
import { loadOwnConsortium } from './own-consortium.js';
import { CertificateWatch } from './shell/certificate-watch.js';
import { ChangeSignal } from './shell/change-signal.js';
import { DeadlineWatch } from './shell/deadline-watch.js';
import { IdentityWatch } from './shell/identity-watch.js';
import { JobRegistry } from './shell/job-registry.js';
import { catchUp, takeInHolder } from './shell/memberships.js';
import { OperatorDirectory } from './shell/operator-directory.js';
import { Retention } from './shell/retention.js';
import { RoundRunner } from './shell/round-runner.js';
import { Sightings } from './shell/sightings.js';
import { SiteDirectory } from './shell/site-directory.js';
import { SubmissionDesk } from './shell/submission-desk.js';
import { TaskDesk } from './shell/task-desk.js';
import { createTelemetry } from './shell/telemetry.js';
import { UploadDesk } from './shell/upload-desk.js';
import { BlobStore } from './store/blob-store.js';
import { openStore as openOwnStore } from './store/open-store.js';
import { RevocationFile } from './store/revocation-file.js';
import { Spool } from './store/spool.js';
import type { Store } from './store/store.js';

const VERSION = '0.1.0';
const REVOCATIONS_FILE = 'revocations.jsonl';
/** A site is "seen" while it was heard of this recently. */
const SEEN_WITHIN_MS = 5 * 60_000;
/** Unless heartbeats are so rare that some must have been missed. */
const MISSED_BEATS = 3;

export interface RunningCoordinator {
  readonly federationPort: number;
  readonly enrollmentPort: number;
  readonly httpPort: number;
  /** Ends within seconds; what is under way continues at the next start. */
  stop(): Promise<void>;
}

/** What a test or the simulator may bring of its own. */
export interface CoordinatorSurroundings {
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly log?: Logger;
  readonly openStore?: (stateDir: string) => Promise<Store>;
}

/**
 * Starts the coordinator on its state folder and continues every job in it.
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/listen-failed`,
 *   `coordinator/certificate-out-of-term`, `coordinator/revocations-unusable`, `pki/authority-expired`,
 *   `coordinator/wrong-federation`, `coordinator/public-host-not-certified`, `pki/consortium-incomplete`, `protocol/listen-failed`
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings = {},
): Promise<RunningCoordinator> {
  const {
    clock = systemClock,
    chance = systemChance,
    log = createLogger({ name: 'coordinator', level: config.logLevel }),
    openStore = openOwnStore,
  } = surroundings;
  const consortium = await loadOwnConsortium(config, clock.nowMs());
  await makePrivateFolder(config.stateDir);
  await makeFolderDurably(config.stateDir);
  const store = await openStore(config.stateDir);
  const revocations = await openRevocations(config).catch(async (error) => {
    await store.close();
    throw error;
  });
  const foundations = { consortium, store, revocations, clock, chance, log };
  const core = await assemble(config, foundations).catch(async (error) => {
    await revocations.close();
    await store.close();
    throw error;
  });
  const servers: AnyServer[] = [];
  try {
    const ports = await listen(config, core, servers);
    log.info({ federation: config.federation, ...ports }, 'coordinator is listening');
    return { ...ports, stop: () => stop(core, servers) };
  } catch (error) {
    await stop(core, servers);
    throw error;
  }
}

function openRevocations(config: CoordinatorConfig): Promise<RevocationFile> {
  const { consortiumDir, revocationsFile = join(consortiumDir, REVOCATIONS_FILE) } = config;
  return RevocationFile.open(revocationsFile);
}

interface Foundations {
  readonly consortium: Consortium;
  readonly store: Store;
  readonly revocations: RevocationFile;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Logger;
}

type Core = Awaited<ReturnType<typeof assemble>>;

/** Everything but the sockets; jobs go on from here. */
async function assemble(config: CoordinatorConfig, foundations: Foundations) {
  const { consortium, store, revocations, clock, chance, log } = foundations;
  const { federation, stateDir } = config;
  const [blobs, spool] = [await BlobStore.open(stateDir), await Spool.open(stateDir)];
  const registry = await JobRegistry.load(store, clock);
  const changes = new ChangeSignal(clock);
  const { askAgainMs, heartbeatIntervalMs } = config;
  const tasks = new TaskDesk({ registry, changes, clock, askAgainMs });
  const awayAfterMs = Math.max(SEEN_WITHIN_MS, MISSED_BEATS * heartbeatIntervalMs);
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
  const operators = await OperatorDirectory.load({ store, clock, certificates });
  const uploads = new UploadDesk({
    federation,
    clock,
    registry,
    store,
    blobs,
    spool,
    receiptKey: createPrivateKey(consortium.coordinator.keyPem),
    receiptKeyId: readCertificate(consortium.coordinator.certificatePem).keyId,
    onAccepted: telemetry.onUpdateAccepted,
    authorize: (site) => sites.authorize(site),
  });
  sites.onShutOut((site) => uploads.drop(site));
  const submissions = new SubmissionDesk({ registry, sites, blobs, clock, chance });
  watchProgress(registry, { changes, telemetry, store, log });
  await catchUp(sites, registry);
  const rounds = new RoundRunner({
    registry,
    store,
    blobs,
    settled: (job, round) => uploads.settled(job, round),
    clock,
    log,
    jitter: chance.uniform,
  });
  rounds.start();
  const deadlines = new DeadlineWatch(registry, clock, log, (site) =>
    tasks.isAway(site, awayAfterMs),
  );
  const watching = deadlines.run();
  const identities = new IdentityWatch(clock, (site, connections) => {
    telemetry.onIdentityShared();
    log.error(
      { site, connections },
      'two agents speak as one site: a copied folder or a stolen key',
    );
  });
  const certificateWatch = new CertificateWatch(consortium, certificates, clock, log);
  telemetry.watchCertificates(() => certificateWatch.ends());
  const watchingCertificates = certificateWatch.run();
  const retention = new Retention({ store, blobs, rules: rulesOf(config.retention), clock, log });
  const sweeping = retention.run();
  const sightings = await Sightings.load({ tasks, store, clock, log });
  const recording = sightings.run();
  const parts = { blobs, registry, changes, tasks, telemetry, sites, uploads, submissions, rounds };
  return {
    ...foundations,
    ...parts,
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

function rulesOf({ deltas, models }: CoordinatorConfig['retention']): RetentionRules {
  const termMs = (term: string) => (term === 'keep' ? null : durationMs(term));
  return { deltasMs: termMs(deltas), modelsMs: termMs(models) };
}

type AnyServer = RunningServer | RunningHttpServer;

/** Opens the three doors; each one opened is put into `servers`, so that a failure can close it. */
async function listen(
  config: CoordinatorConfig,
  core: Core,
  servers: AnyServer[],
): Promise<Omit<RunningCoordinator, 'stop'>> {
  const { federation, publicHost, heartbeatIntervalMs, limits } = config;
  const { consortium, clock, log, telemetry, registry, sites } = core;
  const tls = {
    host: config.listen.host,
    caPem: consortium.authority.certificatePem,
    certificateChainPem: consortium.coordinator.certificatePem,
    keyPem: consortium.coordinator.keyPem,
  };
  const watchers = { log, telemetry, clock, ration: new LogRation() };
  const onEvent = (event: ServerEvent) => observeServer(event, watchers);
  const federationServer = await createFederationServer(
    federationHandlers({ ...core, federation, heartbeatIntervalMs, ...limits }),
    {
      ...tls,
      port: config.listen.federationPort,
      federation,
      authorize: (site, connection) => {
        sites.authorize(site);
        core.identities.heard(site.identity.name, connection);
      },
      onEvent,
      clock,
    },
  );
  servers.push(federationServer);
  sites.onShutOut(async (name) => {
    federationServer.disconnect({ federation, role: 'site', name });
  });
  const enrollmentServer = await createEnrollmentServer(
    {
      enroll: async ({ token, certificateRequest }) => {
        const chain = await sites.enroll(token, certificateRequest);
        await takeInHolder(chain, registry);
        return chain;
      },
    },
    { ...tls, port: config.listen.enrollmentPort, onEvent, clock },
  );
  servers.push(enrollmentServer);
  const httpServer = await startHttpServer(
    {
      ...tls,
      port: config.listen.httpPort,
      federation,
      onRefused: (error) => onEvent({ kind: 'connection-refused', error }),
    },
    {
      ...core,
      version: VERSION,
      federation,
      heartbeatIntervalMs,
      maxModelBytes: limits.maxModelBytes,
      caCertificatePem: tls.caPem,
      federationAddress: formatAddress({ host: publicHost, port: federationServer.port }),
      enrollmentAddress: formatAddress({ host: publicHost, port: enrollmentServer.port }),
    },
  );
  servers.push(httpServer);
  return {
    federationPort: federationServer.port,
    enrollmentPort: enrollmentServer.port,
    httpPort: httpServer.port,
  };
}

async function stop(core: Core, servers: readonly AnyServer[]): Promise<void> {
  core.deadlines.stop();
  core.certificateWatch.stop();
  core.retention.stop();
  core.sightings.stop();
  core.tasks.close();
  await Promise.all([
    core.watching,
    core.watchingCertificates,
    core.sweeping,
    core.recording,
    core.rounds.stop(),
    ...servers.map((server) => server.stop()),
  ]);
  await core.uploads.idle();
  await core.registry.drained();
  await core.revocations.close();
  await core.store.close();
}
