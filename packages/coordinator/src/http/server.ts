import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import swagger from '@fastify/swagger';
import { errorText, type FedvoxError, isFedvoxError } from '@fedvox/base';
import { type Logger, systemFailure } from '@fedvox/base/system';
import type { CertificateInfo } from '@fedvox/pki';
import { keepDoor, OPERATORS_DOOR } from '@fedvox/transport';
import { fastify } from 'fastify';
import { type ErrorName, fail } from '../errors.js';
import { addBlobRoutes } from './blob-routes.js';
import { ERROR_STATUS, INTERNAL_STATUS, REFUSED_STATUS, STORAGE_STATUS } from './error-status.js';
import type { HttpServices } from './http-services.js';
import { addJobRoutes } from './job-routes.js';
import { authenticateCaller, CallerCertificates, permit } from './operator-auth.js';
import { addOperatorRoutes } from './operator-routes.js';
import { addProbeRoutes } from './probe-routes.js';
import { describeRoute } from './route-descriptions.js';
import { routeOf } from './route-table.js';
import { addSiteRoutes } from './site-routes.js';
import { addSnapshotRoute } from './snapshot-route.js';
import { type HttpApp, jsonSchemasOf, useZod } from './zod-routes.js';

/** Uploading a large model over a slow line; everything else is far quicker. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
/** A job's JSON is a few KiB. Blobs are streamed and have their own limit. */
const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpListenSpec {
  readonly host: string;
  readonly port: number;
  readonly federation: string;
  readonly caPem: string;
  readonly certificateChainPem: string;
  readonly keyPem: string;
  /** A connection that was turned away or cut off, for the log. */
  readonly onRefused: (error: FedvoxError) => void;
}

export interface RunningHttpServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * The operators' REST interface.
 * @throws FedvoxError `coordinator/listen-failed`
 */
export function startHttpServer(
  spec: HttpListenSpec,
  services: HttpServices,
): Promise<RunningHttpServer> {
  const { clock, log, operators } = services;
  const authorize = (caller: CertificateInfo) => operators.authorize(caller);
  return listenForOperators(spec, { clock, log, authorize }, (app) => addRoutes(app, services));
}

/** Whoever scrapes both is not to take the one that stands by for dead. */
const STANDBY_METRICS = `# HELP fedvox_standing_by Whether this coordinator stands by, which is all that it has to say.
# TYPE fedvox_standing_by gauge
fedvox_standing_by 1
`;

export interface StandbyServices extends Pick<HttpServices, 'version' | 'clock' | 'log'> {
  /** Where the leader's operators dial. */
  readonly leader: () => string;
}

/**
 * What operators are told by a coordinator that stands by: that it does. It knows nobody, so any operator's
 * certificate of the consortium will do.
 * @throws FedvoxError `coordinator/listen-failed`
 */
export function startStandbyServer(
  spec: HttpListenSpec,
  { version, clock, log, leader }: StandbyServices,
): Promise<RunningHttpServer> {
  const authorize = () => undefined;
  return listenForOperators(spec, { clock, log, authorize }, async (app) => {
    app.get('/metrics', (_, reply) =>
      reply.type('text/plain; version=0.0.4').send(STANDBY_METRICS),
    );
    app.get('/healthz', () => ({ status: 'standby', version, warnings: [], leader: leader() }));
    app.setNotFoundHandler(() => {
      throw fail('standing-by', { leader: leader() });
    });
  });
}

interface Doorway extends Pick<HttpServices, 'clock' | 'log'> {
  /** Throws where the caller may not. */
  readonly authorize: (caller: CertificateInfo) => void;
}

/**
 * HTTPS, a certificate of the consortium demanded in the handshake, a role that the route is for on every
 * request.
 * @throws FedvoxError `coordinator/listen-failed`
 */
async function listenForOperators(
  { host, port, federation, caPem, certificateChainPem, keyPem, onRefused }: HttpListenSpec,
  { clock, log, authorize }: Doorway,
  add: (app: HttpApp) => Promise<void>,
): Promise<RunningHttpServer> {
  const app = fastify({
    https: {
      ca: caPem,
      cert: certificateChainPem,
      key: keyPem,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
    },
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  keepDoor(app.server, { ...OPERATORS_DOOR, onRefused }, clock);
  admitCallers(app, federation, { log, authorize });
  answerErrorsByName(app, log);
  await add(app);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw fail('listen-failed', { host, port, reason: errorText(cause) }, { cause });
  }
  return {
    port: (app.server.address() as AddressInfo).port,
    stop: () => app.close(),
  };
}

/** Who calls is known, and may, before anything of a request is looked at; orders are written down. */
function admitCallers(
  app: HttpApp,
  federation: string,
  { log, authorize }: Pick<Doorway, 'log' | 'authorize'>,
): void {
  const certificates = new CallerCertificates();
  app.decorateRequest('caller');
  app.addHook('onRequest', async (request) => {
    const socket = request.raw.socket as TLSSocket;
    request.caller = authenticateCaller(certificates.of(socket), federation, authorize);
    const { url } = request.routeOptions;
    if (url !== undefined) permit(request.caller, request.method, url);
  });
  app.addHook('onResponse', async ({ method, url, caller }, { statusCode: status }) => {
    if (method === 'GET' || method === 'HEAD') return;
    log.info({ by: caller?.name, role: caller?.role, method, url, status }, 'an order was given');
  });
}

async function addRoutes(app: HttpApp, services: HttpServices): Promise<void> {
  app.addHook('onRoute', ({ method, url }) => void routeOf(method, url));
  const typed = useZod(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'Fedvox coordinator', version: services.version },
    },
    transform: ({ schema = {}, url, route: { method } }) => ({
      schema: schema.hide === true ? schema : describeRoute(method, url, jsonSchemasOf(schema)),
      url,
    }),
  });
  addProbeRoutes(typed, services);
  addBlobRoutes(typed, services);
  addJobRoutes(typed, services);
  addSiteRoutes(typed, services);
  addOperatorRoutes(typed, services);
  addSnapshotRoute(typed, services);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.setNotFoundHandler(({ method, url }) => {
    throw fail('no-such-route', { method, url });
  });
}

function answerErrorsByName(app: HttpApp, log: Logger): void {
  app.setErrorHandler((error, request, reply) => {
    const named = nameError(error);
    if (named.status === REFUSED_STATUS)
      log.warn(
        { code: named.error.code, by: request.caller?.name },
        'an operator call was refused',
      );
    if (named.status >= INTERNAL_STATUS && !isFedvoxError(error, 'coordinator/standing-by'))
      log.error({ err: error, url: request.url }, 'a request failed');
    const { code, message, advice } = named.error;
    return reply.status(named.status).serializer(JSON.stringify).send({ code, message, advice });
  });
}

function nameError(error: unknown) {
  const system = systemFailure(error);
  if (system !== undefined) return { status: STORAGE_STATUS, error: system };
  if (isFedvoxError(error)) {
    if (error.code.startsWith('refused/')) return { status: REFUSED_STATUS, error };
    const name = error.code.replace('coordinator/', '') as ErrorName;
    return { status: ERROR_STATUS[name] ?? INTERNAL_STATUS, error };
  }
  const { statusCode = 500 } = error as { statusCode?: number };
  if (statusCode >= 500) return { status: statusCode, error: fail('internal', {}) };
  const problems = `  ${errorText(error)}`;
  return { status: statusCode, error: fail('request-invalid', { problems }) };
}
