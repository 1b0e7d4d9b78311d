import type { AddressInfo } from 'node:net';
import { assert, type Clock, errorText, type FedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { BuiltPages } from './built-pages.js';
import { answerErrors, BrowserLeft } from './desk-errors.js';
import type { DeskAnswer, DeskRoute } from './desk-routes.js';
import { fail } from './errors.js';
import { MAX_CONNECTIONS, MAX_REQUEST_BYTES } from './limits.js';
import { OneTimeLinks, Sessions } from './one-time-secrets.js';
import { cookieOf, refusalOf } from './request-checks.js';
import { SECURITY_HEADERS } from './security-headers.js';

export interface DeskSpec {
  /** A short word, `dashboard` or `console`: the cookie's name has it. */
  readonly name: string;
  readonly routes: readonly DeskRoute[];
  readonly pages: BuiltPages;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
  /** 0, or none: a free one. */
  readonly port?: number;
  /** HTTP status of a handler's error; 422 where it says nothing. */
  readonly statusOf?: (error: FedvoxError) => number | undefined;
}

export interface RunningDesk {
  /** As in `http://127.0.0.1:8600`. */
  readonly origin: string;
  /** A fresh address that signs one browser in, once, within five minutes. */
  link(): string;
  close(): Promise<void>;
}

/** The machine's own, never another's: not to be chosen. */
const LOOPBACK = '127.0.0.1';
const LINK_PATH = '/enter/';

/**
 * Serves pages and their routes to browsers of this machine that came in by a link.
 * @throws FedvoxError `desk/listen-failed`
 */
export async function startDesk(spec: DeskSpec): Promise<RunningDesk> {
  const { clock, log, port = 0, routes, pages } = spec;
  const links = new OneTimeLinks(clock);
  const app = fastify({
    bodyLimit: MAX_REQUEST_BYTES,
    forceCloseConnections: true,
    // A HEAD would use a link up.
    exposeHeadRoutes: false,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.removeContentTypeParser('text/plain');
  answerErrors(app, { log, ...(spec.statusOf && { statusOf: spec.statusOf }) });
  const door = keepDoor(app, spec, links);
  for (const route of routes) addRoute(app, route);
  addPages(app, pages);
  try {
    await app.listen({ host: LOOPBACK, port });
  } catch (cause) {
    throw fail('listen-failed', { port, reason: errorText(cause) }, { cause });
  }
  const origin = `http://${LOOPBACK}:${(app.server.address() as AddressInfo).port}`;
  door.open(origin);
  return {
    origin,
    link: () => `${origin}${LINK_PATH}${links.issue()}`,
    close: () => app.close(),
  };
}

/** Every request is looked at here first, whatever it asks for. */
function keepDoor(app: FastifyInstance, { name, clock }: DeskSpec, links: OneTimeLinks) {
  const sessions = new Sessions(clock);
  let origin: string | undefined;
  // Browsers share cookies among the ports of a host: two desks side by side have two names.
  const cookieName = () => `fedvox-${name}-${new URL(origin as string).port}`;
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const isLink = request.method === 'GET' && request.url.startsWith(LINK_PATH);
    const refusal =
      origin === undefined ? fail('foreign-host') : refusalOf(request, origin, isLink);
    if (refusal !== undefined) throw refusal;
    if (isLink) return;
    const secret = cookieOf(request.headers, cookieName());
    if (secret === undefined || !sessions.isKnown(secret)) throw fail('not-signed-in');
  });
  app.get(`${LINK_PATH}:secret`, async ({ params, headers }, reply) => {
    const { secret } = params as { secret: string };
    // A browser or a chat that looks ahead has not been sent by its person.
    const isAhead = headers['sec-purpose'] !== undefined || headers['purpose'] !== undefined;
    if (isAhead || !links.use(secret)) throw fail('link-not-valid');
    const cookie = `${cookieName()}=${sessions.begin()}; Path=/; HttpOnly; SameSite=Strict`;
    // The page goes on by itself: a redirect out of another site would leave the strict cookie behind.
    return reply
      .header('set-cookie', cookie)
      .type('text/html; charset=utf-8')
      .send('<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>Fedvox</title>');
  });
  return {
    open: (at: string) => {
      origin = at;
    },
  };
}

function addRoute(app: FastifyInstance, { method, path, handle }: DeskRoute): void {
  app.route({
    method,
    url: path,
    handler: async (request, reply) => {
      const answer = await handle({
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
function addPages(app: FastifyInstance, pages: BuiltPages): void {
  for (const path of pages.keys()) {
    assert(!path.startsWith(LINK_PATH) && !path.startsWith('/api/'), `${path} is a page's own`);
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
