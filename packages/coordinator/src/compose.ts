import type { Chance, Clock } from '@fedvox/base';
import {
  createLogger,
  type Logger,
  makeFolderDurably,
  makePrivateFolder,
  programVersion,
  systemChance,
  systemClock,
} from '@fedvox/base/system';
import { SOCKETS, type Wire } from '@fedvox/transport';
import { type AnyServer, assemble, type Core, disassemble } from './assembly.js';
import { acceptBackupAsState } from './backup/restore-coordinator.js';
import { wholeTable } from './client/job-pages.js';
import type { CoordinatorConfig } from './config.js';
import type { HttpServices } from './http/http-services.js';
import { loadOwnConsortium } from './own-consortium.js';
import type { JobDetails } from './rest-contract.js';
import {
  operatorServices,
  type SitePorts,
  Standby,
  serveOperators,
  serveSites,
} from './servers.js';
import { report } from './shell/job-report.js';
import { openConfiguredBlobs } from './store/open-blobs.js';
import { openConfiguredStore } from './store/open-store.js';
import { RevocationFile } from './store/revocation-file.js';
import { revocationsPath } from './store/revocations-path.js';
import type { Store } from './store/store.js';

export interface RunningCoordinator {
  readonly federationPort: number;
  readonly enrollmentPort: number;
  readonly httpPort: number;
  /** Aborted where another coordinator on the same database took over: this one serves for nothing then. */
  readonly leading: AbortSignal;
  /** Ends within seconds; what is under way continues at the next start. */
  stop(): Promise<void>;
}

/** A coordinator in the hands of its own process, which is its operator: nobody else can give orders. */
export interface HeldCoordinator extends SitePorts {
  /** What operators' calls would be answered from. */
  readonly services: HttpServices;
  /** All that an operator could know of a job. @throws FedvoxError `coordinator/no-such-job` */
  details(id: string): Promise<JobDetails>;
  stop(): Promise<void>;
}

/** What a test or the simulator may bring of its own. */
export interface CoordinatorSurroundings {
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly log?: Logger;
  /** The program's version, where it is not its own. */
  readonly program?: string;
  /** What it speaks on the wire, where a test plays another version. */
  readonly protocolVersion?: number;
  /** By which sites come in; operators always come by HTTPS. */
  readonly wire?: Wire;
  readonly openStore?: typeof openConfiguredStore;
  /** Threads beside its own that check and average; none on a virtual clock, which could not wait for them. */
  readonly computeThreads?: number;
  /** Ends the standing by of a coordinator that does not lead yet. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the coordinator on its state folder and continues every job in it.
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/listen-failed`,
 *   `coordinator/certificate-out-of-term`, `coordinator/revocations-unusable`, `coordinator/revocations-lost`, `pki/authority-expired`,
 *   `coordinator/wrong-federation`, `coordinator/public-host-not-certified`, `pki/consortium-incomplete`, `protocol/listen-failed`
 */
export async function startCoordinator(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings = {},
): Promise<RunningCoordinator> {
  const { core, servers, services, stop, federationPort, enrollmentPort } = await open(
    config,
    surroundings,
  );
  try {
    const { port: httpPort } = await serveOperators(config, core, services, servers);
    const ports = { federationPort, enrollmentPort, httpPort };
    core.log.info({ federation: config.federation, ...ports }, 'coordinator is listening');
    return { ...ports, leading: core.store.leading, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Runs the coordinator until `signal` aborts. On a database that another one writes to it stands by first,
 * and again where it was overtaken, which it survives: it starts anew.
 * @param onListening called each time that it begins to serve sites
 * @throws FedvoxError as `startCoordinator`
 */
export async function runCoordinator(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings & { readonly signal: AbortSignal },
  onListening: (ports: Omit<RunningCoordinator, 'stop' | 'leading'>) => void,
): Promise<void> {
  const { signal } = surroundings;
  while (!signal.aborted) {
    const running = await startCoordinator(config, surroundings).catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    });
    if (running === undefined) return;
    const { stop, leading, ...ports } = running;
    onListening(ports);
    await aborted(AbortSignal.any([signal, leading]));
    await stop();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Opens a coordinator that serves no operators: for a simulation or a test that holds it.
 * @throws FedvoxError as `startCoordinator`
 */
export function openCoordinator(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings = {},
): Promise<HeldCoordinator> {
  return open(config, surroundings);
}

interface Opened extends HeldCoordinator {
  readonly core: Core;
  readonly servers: AnyServer[];
}

async function open(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings,
): Promise<Opened> {
  const core = await openCore(config, surroundings);
  const servers: AnyServer[] = [];
  const stop = () => disassemble(core, servers);
  try {
    const ports = await serveSites(config, core, surroundings.wire ?? SOCKETS, servers);
    const services = operatorServices(config, core, ports);
    const details = (id: string) =>
      wholeTable((from) => report(core.registry.get(id), services, from));
    return { ...ports, core, servers, services, details, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The core, on what its state folder or its database and its bucket hold. */
async function openCore(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings,
): Promise<Core> {
  const {
    clock = systemClock,
    chance = systemChance,
    log = createLogger({ name: 'coordinator', level: config.logLevel }),
    program = programVersion(),
    openStore = openConfiguredStore,
    computeThreads,
    protocolVersion,
    signal,
  } = surroundings;
  const consortium = await loadOwnConsortium(config, clock.nowMs());
  await makePrivateFolder(config.stateDir);
  await makeFolderDurably(config.stateDir);
  const standby = new Standby(config, { consortium, clock, log, program });
  const onStandby = (leader: string) => standby.show(leader);
  const opener = { clock, chance, log, program, onStandby, signal };
  const store = await openStore(config, opener).finally(() => standby.stop());
  const opened: { close(): void | Promise<void> }[] = [store];
  try {
    const blobs = await openConfiguredBlobs(config, { clock, jitter: chance.uniform });
    const revocations = await openRevocations(config, store);
    opened.unshift(revocations);
    const foundations = { consortium, store, blobs, revocations, clock, chance, log, program };
    return await assemble(config, { ...foundations, computeThreads, protocolVersion });
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
}

/** A backup that was put in the place of the state is told of revocations first. */
async function openRevocations(config: CoordinatorConfig, store: Store): Promise<RevocationFile> {
  await acceptBackupAsState(config, store);
  return RevocationFile.open(revocationsPath(config));
}
