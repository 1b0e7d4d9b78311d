import { join } from 'node:path';
import type { Chance, Clock } from '@fedvox/base';
import {
  createLogger,
  type Logger,
  makeFolderDurably,
  makePrivateFolder,
  systemChance,
  systemClock,
} from '@fedvox/base/system';
import { SOCKETS, type Wire } from '@fedvox/transport';
import { type AnyServer, assemble, type Core, disassemble } from './assembly.js';
import type { CoordinatorConfig } from './config.js';
import type { HttpServices } from './http/http-services.js';
import { loadOwnConsortium } from './own-consortium.js';
import { operatorServices, type SitePorts, serveOperators, serveSites } from './servers.js';
import { openStore as openOwnStore } from './store/open-store.js';
import { RevocationFile } from './store/revocation-file.js';
import type { Store } from './store/store.js';

const REVOCATIONS_FILE = 'revocations.jsonl';

export interface RunningCoordinator {
  readonly federationPort: number;
  readonly enrollmentPort: number;
  readonly httpPort: number;
  /** Ends within seconds; what is under way continues at the next start. */
  stop(): Promise<void>;
}

/** A coordinator in the hands of its own process, which is its operator: nobody else can give orders. */
export interface HeldCoordinator extends SitePorts {
  /** What operators' calls would be answered from. */
  readonly services: HttpServices;
  stop(): Promise<void>;
}

/** What a test or the simulator may bring of its own. */
export interface CoordinatorSurroundings {
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly log?: Logger;
  /** By which sites come in; operators always come by HTTPS. */
  readonly wire?: Wire;
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
  const { core, servers, services, stop, ...sitePorts } = await open(config, surroundings);
  try {
    const { port: httpPort } = await serveOperators(config, core, services, servers);
    const ports = { ...sitePorts, httpPort };
    core.log.info({ federation: config.federation, ...ports }, 'coordinator is listening');
    return { ...ports, stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
    return { ...ports, core, servers, services: operatorServices(config, core, ports), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The core, on what lies in its state folder. */
async function openCore(
  config: CoordinatorConfig,
  surroundings: CoordinatorSurroundings,
): Promise<Core> {
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
  return assemble(config, { consortium, store, revocations, clock, chance, log }).catch(
    async (error) => {
      await revocations.close();
      await store.close();
      throw error;
    },
  );
}

function openRevocations(config: CoordinatorConfig): Promise<RevocationFile> {
  const { consortiumDir, revocationsFile = join(consortiumDir, REVOCATIONS_FILE) } = config;
  return RevocationFile.open(revocationsFile);
}
