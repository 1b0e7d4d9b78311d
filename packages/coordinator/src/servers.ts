import type { FedvoxError } from '@fedvox/base';
import { formatAddress } from '@fedvox/base/system';
import type { Wire } from '@fedvox/transport';
import type { AnyServer, Core } from './assembly.js';
import type { CoordinatorConfig } from './config.js';
import type { HttpServices } from './http/http-services.js';
import {
  type HttpListenSpec,
  type RunningHttpServer,
  startHttpServer,
  startStandbyServer,
} from './http/server.js';
import { takeInHolder } from './shell/memberships.js';
import { federationHandlers } from './shell/site-calls.js';

export interface SitePorts {
  readonly federationPort: number;
  readonly enrollmentPort: number;
}

/** Serves sites by the wire; each server is put into `servers`, so that a failure can stop it. */
export async function serveSites(
  config: CoordinatorConfig,
  core: Core,
  wire: Wire,
  servers: AnyServer[],
): Promise<SitePorts> {
  const { federation, heartbeatIntervalMs, limits, listen } = config;
  const { clock, registry, sites, identities } = core;
  const common = { ...credentialsOf(config, core), clock, onEvent: core.onServerEvent };
  const federationServer = await wire.serve(
    federationHandlers({ ...core, federation, heartbeatIntervalMs, ...limits }),
    {
      ...common,
      port: listen.federationPort,
      federation,
      authorize: (site, connection) => {
        sites.authorize(site);
        identities.heard(site.identity.name, connection);
      },
    },
  );
  servers.push(federationServer);
  sites.onShutOut(async (name) => {
    federationServer.disconnect({ federation, role: 'site', name });
  });
  const enrollmentServer = await wire.serveEnrollment(
    {
      enroll: async ({ token, certificateRequest }) => {
        const chain = await sites.enroll(token, certificateRequest);
        await takeInHolder(chain, registry);
        return chain;
      },
    },
    { ...common, port: listen.enrollmentPort },
  );
  servers.push(enrollmentServer);
  return { federationPort: federationServer.port, enrollmentPort: enrollmentServer.port };
}

/** Serves operators by HTTPS, and puts that into `servers`. */
export async function serveOperators(
  config: CoordinatorConfig,
  core: Core,
  services: HttpServices,
  servers: AnyServer[],
): Promise<RunningHttpServer> {
  core.telemetry.watchProcess();
  const onRefused = (error: FedvoxError) =>
    core.onServerEvent({ kind: 'connection-refused', error });
  const server = await startHttpServer(operatorsDoor(config, core, onRefused), services);
  servers.push(server);
  return server;
}

type StandbyCore = Pick<Core, 'consortium' | 'clock' | 'log' | 'program'>;

/**
 * What a coordinator is that stands by. Operators are told so; the doors for sites stay closed, so that
 * whoever dials, or balances, goes on to the next address at once.
 */
export class Standby {
  readonly #config: CoordinatorConfig;
  readonly #core: StandbyCore;
  #server: RunningHttpServer | undefined;
  #leader = '';

  constructor(config: CoordinatorConfig, core: StandbyCore) {
    this.#config = config;
    this.#core = core;
  }

  /** @throws FedvoxError `coordinator/listen-failed` */
  async show(leader: string): Promise<void> {
    const { clock, log, program: version } = this.#core;
    if (leader !== this.#leader) log.info({ leader }, 'standing by');
    this.#leader = leader;
    this.#server ??= await startStandbyServer(
      operatorsDoor(this.#config, this.#core, ({ code, details, message }) =>
        log.warn({ code, ...details }, message),
      ),
      { version, clock, log, leader: () => this.#leader },
    );
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

function operatorsDoor(
  config: CoordinatorConfig,
  core: Pick<Core, 'consortium'>,
  onRefused: (error: FedvoxError) => void,
): HttpListenSpec {
  const { federation, listen } = config;
  return { ...credentialsOf(config, core), port: listen.httpPort, federation, onRefused };
}

/** What operators' calls are answered from. */
export function operatorServices(
  { federation, publicHost, heartbeatIntervalMs, limits }: CoordinatorConfig,
  core: Core,
  { federationPort, enrollmentPort }: SitePorts,
): HttpServices {
  return {
    ...core,
    version: core.program,
    federation,
    heartbeatIntervalMs,
    maxModelBytes: limits.maxModelBytes,
    caCertificatePem: core.consortium.authority.certificatePem,
    federationAddress: formatAddress({ host: publicHost, port: federationPort }),
    enrollmentAddress: formatAddress({ host: publicHost, port: enrollmentPort }),
  };
}

function credentialsOf({ listen }: CoordinatorConfig, { consortium }: Pick<Core, 'consortium'>) {
  return {
    host: listen.host,
    caPem: consortium.authority.certificatePem,
    certificateChainPem: consortium.coordinator.certificatePem,
    keyPem: consortium.coordinator.keyPem,
  };
}
