import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { assert, type Clock, errorText, type FedvoxError } from '@fedvox/base';
import { formatAddress, type Logger } from '@fedvox/base/system';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { BuiltPages } from './built-pages.js';
import type { DeskApp } from './desk-app.js';
import { answerErrors, BrowserLeft, isNavigation } from './desk-errors.js';
import type { DeskAnswer, DeskCaller, DeskRoute } from './desk-routes.js';
import type { Entrance } from './entrance/entrance.js';
import { LOOPBACK, linkEntrance } from './entrance/link-entrance.js';
import { type OwnAddress, refusalOf } from './entrance/request-checks.js';
import { fail } from './errors.js';
import { MAX_CONNECTIONS, MAX_NETWORK_CONNECTIONS, MAX_REQUEST_BYTES } from './limits.js';
import type { PeopleFile } from './people/people-file.js';
import { originOf, signInEntrance } from './people/sign-in-entrance.js';
import { SECURITY_HEADERS } from './security-headers.js';

export interface DeskSpec {
  /** A short word, `dashboard` or `console`: the cookie's name has it. */
  readonly name: string;
  readonly routes: readonly DeskRoute[];
  readonly pages: BuiltPages;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
  /** On loopback; 0, or none: a free one. */
  readonly port?: number;
  /** Where people of a network sign in, instead of by a link on this machine. */
  readonly network?: DeskNetwork;
  /** HTTP status of a handler's error; 422 where it says nothing. */
  readonly statusOf?: (error: FedvoxError) => number | undefined;
}

/** A place that others can reach: always over TLS, and never without a name and a password. */
export interface DeskNetwork {
  readonly host: string;
  readonly port: number;
  /** PEM files; browsers reach the desk by the names in the certificate, and by no other. */
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly people: PeopleFile;
}

export interface RunningDesk {
  /** As in `http://127.0.0.1:8600`. */
  readonly origin: string;
  /** How browsers come in. */
  readonly entrance: 'link' | 'sign-in';
  /** A fresh address that signs one browser in, once, within five minutes; where people sign in, the address at which they do. */
  link(): string;
  close(): Promise<void>;
}

/**
 * Serves pages and their routes to browsers of this machine that came in by a link; or, where it is told a place on a network, to people
 * who signed in there over TLS.
 * @throws FedvoxError `desk/listen-failed`, `desk/certificate-unusable`, `desk/nobody-may-sign-in`, and as `PeopleFile`
 */
export async function startDesk(spec: DeskSpec): Promise<RunningDesk> {
  const { name, clock, log, port = 0, routes, pages, network } = spec;
  const tls = network && (await readTls(network.tls));
  if (network !== undefined) await someoneMaySignIn(network.people, routes);
  const entrance =
    network === undefined || tls === undefined
      ? linkEntrance(name, clock)
      : signInEntrance({ name, clock, log, people: network.people, certificatePem: tls.cert });
  const app: DeskApp = fastify({
    https: tls === undefined ? null : { ...tls, minVersion: 'TLSv1.2' },
    bodyLimit: MAX_REQUEST_BYTES,
    forceCloseConnections: true,
    // A HEAD would use a link up.
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = network === undefined ? MAX_CONNECTIONS : MAX_NETWORK_CONNECTIONS;
  app.removeContentTypeParser('text/plain');
  answerErrors(app, { log, ...(spec.statusOf && { statusOf: spec.statusOf }) });
  const door = keepDoor(app, entrance);
  for (const route of routes) addRoute(app, route, door.callerOf);
  addPages(app, pages);
  const place = { host: network?.host ?? LOOPBACK, port: network?.port ?? port };
  try {
    await app.listen(place);
  } catch (cause) {
    throw fail(
      'listen-failed',
      { address: formatAddress(place), reason: errorText(cause) },
      { cause },
    );
  }
  const bound = (app.server.address() as AddressInfo).port;
  door.open(bound);
  const origin =
    tls === undefined ? `http://${LOOPBACK}:${bound}` : originOf(tls.cert, place.host, bound);
  return {
    origin,
    entrance: network === undefined ? 'link' : 'sign-in',
    link: () => entrance.addressAt(origin),
    close: () => app.close(),
  };
}

/** @throws FedvoxError `desk/certificate-unusable` */
async function readTls({ certificate, key }: DeskNetwork['tls']) {
  try {
    const [cert, keyPem] = await Promise.all([
      readFile(certificate, 'utf8'),
      readFile(key, 'utf8'),
    ]);
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(keyPem))) {
      throw new Error('the key is of another certificate');
    }
    return { cert, key: keyPem };
  } catch (cause) {
    const reason = errorText(cause);
    throw fail('certificate-unusable', { path: certificate, reason }, { cause });
  }
}

async function someoneMaySignIn(people: PeopleFile, routes: readonly DeskRoute[]): Promise<void> {
  for (const { method, path, may } of routes) {
    assert(method === 'GET' || may !== undefined, `${path} says which people may`);
  }
  if ((await people.people()).length === 0) throw fail('nobody-may-sign-in', { path: people.path });
}

/** Every request is looked at here first, whatever it asks for. */
function keepDoor(app: DeskApp, entrance: Entrance) {
  const callers = new WeakMap<FastifyRequest, DeskCaller>();
  let own: OwnAddress | undefined;
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const isEntrance = entrance.isEntrance(request);
    const refusal = own === undefined ? fail('foreign-host') : refusalOf(request, own, isEntrance);
    if (refusal !== undefined) throw refusal;
    const path = request.url.split('?', 1)[0];
    const { signInPath } = entrance;
    if (isEntrance && path !== '/') return;
    const caller = await entrance.callerOf(request);
    if (caller !== undefined) callers.set(request, caller);
    else if (signInPath !== undefined && request.method === 'GET' && isNavigation(request)) {
      return reply.redirect(signInPath, 303);
    } else throw fail(entrance.notSignedIn);
  });
  entrance.addRoutes(app);
  return {
    callerOf: (request: FastifyRequest): DeskCaller => {
      const caller = callers.get(request);
      assert(caller !== undefined, 'a route is answered to somebody who came in');
      return caller;
    },
    open: (port: number) => {
      own = entrance.open(port);
    },
  };
}

function addRoute(
  app: DeskApp,
  { method, path, may, handle }: DeskRoute,
  callerOf: (request: FastifyRequest) => DeskCaller,
): void {
  app.route({
    method,
    url: path,
    handler: async (request, reply) => {
      const caller = callerOf(request);
      if (caller.kind === 'person' && may !== undefined && !may.includes(caller.role)) {
        throw fail('not-allowed', { roles: may.join(', ') });
      }
      const answer = await handle({
        caller,
        params: request.params as Record<string, string>,
        query: singleValues(request.query),
        body: request.body,
        signal: goneSignal(reply),
      });
      return send(reply, answer);
    },
  });
}

/** A name that is given twice counts by its last value. */
function singleValues(query: FastifyRequest['query']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(query as Record<string, string | string[]>).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.at(-1) : value,
    ]),
  );
}

function goneSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const look = () => {
    if (!raw.writableFinished) gone.abort(new BrowserLeft('the browser no longer waits'));
  };
  // It may have left before its request came this far.
  if (raw.closed) look();
  else raw.once('close', look);
  return gone.signal;
}

function send(reply: FastifyReply, answer: DeskAnswer): FastifyReply {
  switch (answer.kind) {
    case 'json':
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer.value));
    case 'bytes':
      return reply.type(answer.type).send(answer.bytes);
    case 'stream': {
      const { fileName, byteLength } = answer;
      if (byteLength !== undefined) reply.header('content-length', byteLength);
      if (fileName !== undefined) {
        const name = encodeURIComponent(fileName);
        reply.header('content-disposition', `attachment; filename*=UTF-8''${name}`);
      }
      return reply.type(answer.type).send(answer.stream);
    }
  }
}

/** Files by the exact text of the path that was asked for: nothing is decoded, joined or looked up on disk. */
function addPages(app: DeskApp, pages: BuiltPages): void {
  for (const path of pages.keys()) {
    const isOwn = !/^\/(enter\/|api\/|sign-in)/.test(path);
    assert(isOwn, `${path} is a page's own`);
  }
  app.setNotFoundHandler(async ({ method, raw }, reply) => {
    const path = (raw.url ?? '/').split('?', 1)[0] as string;
    const file = method === 'GET' ? pages.get(path) : undefined;
    // Browsers ask for it of their own accord, and complain where there is none.
    if (file === undefined && path === '/favicon.ico') return reply.status(204).send();
    if (file === undefined) throw fail('no-such-page', { method, path: path.slice(0, 200) });
    return reply.status(200).type(file.type).send(file.bytes);
  });
}
