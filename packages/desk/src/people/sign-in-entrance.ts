import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '@fedvox/base';
import { formatAddress, type Logger } from '@fedvox/base/system';
import type { DeskApp } from '../desk-app.js';
import type { Entrance } from '../entrance/entrance.js';
import { cookieOf } from '../entrance/request-checks.js';
import { MAX_SIGN_IN_BYTES } from '../limits.js';
import { SIGN_IN_POLICY } from '../security-headers.js';
import type { PeopleFile } from './people-file.js';
import { PersonSessions } from './person-sessions.js';
import { SignIn, type SignInResult } from './sign-in.js';
import { SIGN_IN_STYLE, signInPage } from './sign-in-page.js';

const SIGN_IN_PATH = '/sign-in';
const STYLE_PATH = '/sign-in.css';
const SIGN_OUT_PATH = '/api/sign-out';
/** A page that looks again by itself says so: nobody need be there. */
const WATCHING = 'fedvox-watching';

export interface SignInSpec {
  readonly name: string;
  readonly people: PeopleFile;
  /** The desk's own: it is reached by the names in it. */
  readonly certificatePem: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
}

/** People of the hospital's network, by name and password. */
export function signInEntrance({ name, people, certificatePem, ...spec }: SignInSpec): Entrance {
  const sessions = new PersonSessions(people, spec.clock);
  const signIn = new SignIn(people, spec.clock, spec.log);
  // Browsers take a cookie of this prefix over TLS alone, and from no other host.
  const cookieName = `__Host-fedvox-${name}`;
  const cookieWith = (value: string, more = '') =>
    `${cookieName}=${value}; Path=/; Secure; HttpOnly; SameSite=Strict${more}`;
  return {
    notSignedIn: 'signed-out',
    signInPath: SIGN_IN_PATH,
    isEntrance: ({ method, url }) =>
      [SIGN_IN_PATH, STYLE_PATH].includes(url.split('?', 1)[0] as string) || isStart(method, url),
    callerOf: async ({ headers }) => {
      const secret = cookieOf(headers, cookieName);
      if (secret === undefined) return undefined;
      const person = await sessions.personOf(secret, headers[WATCHING] === undefined);
      return person && { kind: 'person', name: person.name, role: person.role };
    },
    addRoutes: (app) => {
      addSignIn(app, name, signIn, (result) => cookieWith(sessions.begin(result.person)));
      app.post(SIGN_OUT_PATH, async ({ headers }, reply) => {
        const secret = cookieOf(headers, cookieName);
        if (secret !== undefined) sessions.end(secret);
        return reply.header('set-cookie', cookieWith('', '; Max-Age=0')).send({});
      });
    },
    open: (port) => ({ scheme: 'https', isHost: namesOf(certificatePem, port) }),
    addressAt: (origin) => `${origin}/`,
  };
}

/** A bookmark, or a link in the hospital's own pages, leads here; it tells nothing without the cookie. */
const isStart = (method: string, url: string) => method === 'GET' && url === '/';

type SignedIn = Extract<SignInResult, { readonly kind: 'signed-in' }>;

function addSignIn(
  app: DeskApp,
  deskName: string,
  signIn: SignIn,
  cookieOfResult: (result: SignedIn) => string,
): void {
  const html = 'text/html; charset=utf-8';
  app.get(STYLE_PATH, (_, reply) => reply.type('text/css; charset=utf-8').send(SIGN_IN_STYLE));
  app.get(SIGN_IN_PATH, ({ headers }, reply) =>
    reply.headers(SIGN_IN_POLICY).type(html).send(signInPage(headers['accept-language'], deskName)),
  );
  void app.register(async (form) => {
    const options = { parseAs: 'string', bodyLimit: MAX_SIGN_IN_BYTES } as const;
    form.addContentTypeParser(
      'application/x-www-form-urlencoded',
      options,
      async (_: unknown, body: string) => new URLSearchParams(body),
    );
    form.post(SIGN_IN_PATH, async ({ body, headers, ip }, reply) => {
      const sent = body instanceof URLSearchParams ? body : new URLSearchParams();
      const result = await signIn.by(sent.get('name') ?? '', sent.get('password') ?? '', ip);
      if (result.kind === 'signed-in') {
        return reply.header('set-cookie', cookieOfResult(result)).redirect('/', 303);
      }
      if (result.kind === 'slowed') reply.header('retry-after', result.seconds);
      return reply
        .status(STATUS[result.kind])
        .headers(SIGN_IN_POLICY)
        .type(html)
        .send(signInPage(headers['accept-language'], deskName, result));
    });
  });
}

const STATUS = { wrong: 401, slowed: 429, busy: 503 } as const;

/** Whether a host, as a request names it, is one that the certificate has, at the desk's port. */
function namesOf(certificatePem: string, port: number): (host: string) => boolean {
  const certificate = new X509Certificate(certificatePem);
  return (host) => {
    const asked = URL.canParse(`https://${host}`) ? new URL(`https://${host}`) : undefined;
    if (asked === undefined || asked.host !== host.toLowerCase()) return false;
    if (Number(asked.port || 443) !== port) return false;
    const name = asked.hostname.replace(/^\[|\]$/g, '');
    const found =
      isIP(name) === 0
        ? certificate.checkHost(name, { subject: 'never' })
        : certificate.checkIP(name);
    return found !== undefined;
  };
}

/** By which people find the desk: the first name that its certificate has; the address that it listens on where it has none. */
export function originOf(certificatePem: string, host: string, port: number): string {
  const { subjectAltName = '' } = new X509Certificate(certificatePem);
  const [, dns] = /(?:^|, )DNS:([^*,\s]+)/.exec(subjectAltName) ?? [];
  const [, ip] = /(?:^|, )IP Address:([^,\s]+)/.exec(subjectAltName) ?? [];
  return new URL(`https://${formatAddress({ host: dns ?? ip ?? host, port })}`).origin;
}
