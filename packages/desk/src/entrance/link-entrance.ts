import { assert, type Clock } from '@fedvox/base';
import type { DeskApp } from '../desk-app.js';
import { fail } from '../errors.js';
import type { Entrance } from './entrance.js';
import { OneTimeLinks, Sessions } from './one-time-secrets.js';
import { cookieOf } from './request-checks.js';

/** The machine's own, never another's: not to be chosen. */
export const LOOPBACK = '127.0.0.1';
export const LINK_PATH = '/enter/';

/** Browsers of this machine, by a link that was printed on it. */
export function linkEntrance(name: string, clock: Pick<Clock, 'nowMs'>): Entrance {
  const links = new OneTimeLinks(clock);
  const sessions = new Sessions(clock);
  // Browsers share cookies among the ports of a host: two desks side by side have two names.
  let cookieName: string | undefined;
  return {
    notSignedIn: 'not-signed-in',
    isEntrance: ({ method, url }) => method === 'GET' && url.startsWith(LINK_PATH),
    callerOf: async ({ headers }) => {
      const secret = cookieName === undefined ? undefined : cookieOf(headers, cookieName);
      const isKnown = secret !== undefined && sessions.isKnown(secret);
      return isKnown ? { kind: 'at-this-machine' } : undefined;
    },
    addRoutes: (app) => addLinkRoute(app, links, () => `${cookieName}=${sessions.begin()}`),
    open: (port) => {
      assert(cookieName === undefined, 'a desk opens once');
      cookieName = `fedvox-${name}-${port}`;
      return { scheme: 'http', isHost: (host) => host === `${LOOPBACK}:${port}` };
    },
    addressAt: (origin) => `${origin}${LINK_PATH}${links.issue()}`,
  };
}

function addLinkRoute(app: DeskApp, links: OneTimeLinks, newCookie: () => string): void {
  app.get(`${LINK_PATH}:secret`, async ({ params, headers }, reply) => {
    const { secret } = params as { secret: string };
    // A browser or a chat that looks ahead has not been sent by its person.
    const isAhead = headers['sec-purpose'] !== undefined || headers['purpose'] !== undefined;
    if (isAhead || !links.use(secret)) throw fail('link-not-valid');
    // The page goes on by itself: a redirect out of another site would leave the strict cookie behind.
    return reply
      .header('set-cookie', `${newCookie()}; Path=/; HttpOnly; SameSite=Strict`)
      .type('text/html; charset=utf-8')
      .send('<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>Fedvox</title>');
  });
}
