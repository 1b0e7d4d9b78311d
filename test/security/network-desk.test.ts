import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { type DeskRoute, jsonAnswer, PeopleFile, type RunningDesk, startDesk } from '@fedvox/desk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERSON_IDLE_MS, PERSON_SESSION_MS } from '../../packages/desk/src/limits.js';
import {
  type NetworkCertificate,
  writeNetworkCertificate,
} from '../support/network-certificate.js';

const PASSWORD = 'correct horse battery';
const page = { type: 'text/html; charset=utf-8', bytes: Buffer.from('<!doctype html>the page') };
const routes: readonly DeskRoute[] = [
  {
    method: 'GET',
    path: '/api/caller',
    handle: async ({ caller }) => jsonAnswer(caller),
  },
  {
    method: 'POST',
    path: '/api/verdicts',
    may: ['reviewer', 'owner'],
    handle: async ({ caller }) => jsonAnswer(caller),
  },
];

let folder: string;
let certificate: NetworkCertificate;
let people: PeopleFile;
let clock: VirtualClock;
let desk: RunningDesk;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-network-'));
  certificate = await writeNetworkCertificate(folder, ['console.hospital.test', '127.0.0.1']);
  people = new PeopleFile(join(folder, 'people.json'));
  await people.add('Dr Chen', 'reviewer', PASSWORD);
  await people.add('Visitor', 'reader', PASSWORD);
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  clock = new VirtualClock();
  desk = await start();
});
afterEach(() => desk.close());

const start = (of: Partial<{ routes: readonly DeskRoute[]; people: PeopleFile }> = {}) =>
  startDesk({
    ...{ name: 'sample', routes: of.routes ?? routes, pages: new Map([['/', page]]), clock },
    log: silentLogger(),
    network: { host: '127.0.0.1', port: 0, tls: certificate.tls, people: of.people ?? people },
  });

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const port = () => Number(new URL(desk.origin).port);
const host = () => `console.hospital.test:${port()}`;

/** One call with any headers at all, its certificate checked. */
function call(method: string, path: string, headers: object = {}, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...{ host: '127.0.0.1', port: port(), servername: 'console.hospital.test' },
        ...{ ca: certificate.caPem, agent: false, method, path },
        headers: { host: host(), ...headers },
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

const post = (path: string, headers: object, body: string, type = 'application/json') =>
  call('POST', path, { origin: `https://${host()}`, 'content-type': type, ...headers }, body);
const signIn = (name: string, password = PASSWORD, headers: object = {}) =>
  post(
    '/sign-in',
    headers,
    new URLSearchParams({ name, password }).toString(),
    'application/x-www-form-urlencoded',
  );
const cookieOf = ({ headers }: Answer) => (headers['set-cookie']?.[0] ?? '').split(';', 1)[0] ?? '';
const codeOf = ({ text }: Answer) => (JSON.parse(text) as { code: string }).code;

describe('a desk on a network', { timeout: 60_000 }, () => {
  it('shows who has not signed in a form, and nothing else', async () => {
    const start = await call('GET', '/', { accept: 'text/html' });
    expect(start).toMatchObject({ status: 303, headers: { location: '/sign-in' } });
    expect((await call('GET', '/', { accept: 'text/html' })).text).not.toContain('the page');
    expect(codeOf(await call('GET', '/api/caller'))).toBe('desk/signed-out');
    expect(codeOf(await call('GET', '/assets/page.js'))).toBe('desk/signed-out');
    const form = await call('GET', '/sign-in', { 'accept-language': 'zh-CN,zh' });
    expect(form.text).toContain('密码');
    expect(form.headers['content-security-policy']).toContain("form-action 'self'");
    expect(form.headers['content-security-policy']).not.toContain('script-src');
  });

  it('knows a person by name and password from then on, and until they sign out', async () => {
    const answer = await signIn('  dr chen ');
    expect(answer).toMatchObject({ status: 303, headers: { location: '/' } });
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-fedvox-sample=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(answer);
    expect((await call('GET', '/', { cookie })).text).toContain('the page');
    const caller = { kind: 'person', name: 'Dr Chen', role: 'reviewer' };
    expect(JSON.parse((await call('GET', '/api/caller', { cookie })).text)).toEqual(caller);
    expect((await post('/api/sign-out', { cookie }, '{}')).status).toBe(200);
    expect(codeOf(await call('GET', '/api/caller', { cookie }))).toBe('desk/signed-out');
  });

  it('says the same of a wrong password and of nobody’s name', async () => {
    const [wrong, nobody] = [await signIn('Dr Chen', 'not this one!'), await signIn('Dr Nobody')];
    expect([wrong.status, nobody.status]).toEqual([401, 401]);
    expect(wrong.text).toBe(nobody.text);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });

  it('makes whoever guesses wait, twice as long each time, the right password too', async () => {
    for (let guess = 0; guess < 5; guess++) {
      expect((await signIn('Dr Chen', `guess number ${guess}`)).status).toBe(401);
    }
    const slowed = await signIn('Dr Chen');
    expect(slowed).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    // By the address, too: another name helps nobody.
    expect((await signIn('Visitor')).status).toBe(429);
    await clock.advance(2_000);
    expect((await signIn('Dr Chen', 'once more guessed')).status).toBe(401);
    expect((await signIn('Dr Chen')).headers['retry-after']).toBe('4');
    await clock.advance(4_000);
    expect((await signIn('Dr Chen')).status).toBe(303);
    expect((await signIn('Dr Chen', 'a new slip of hand')).status).toBe(401);
  });

  it('answers under the names of its certificate alone, and no other page', async () => {
    const cookie = cookieOf(await signIn('Dr Chen'));
    const get = (headers: object) => call('GET', '/api/caller', { cookie, ...headers });
    expect((await get({ host: `127.0.0.1:${port()}` })).status).toBe(200);
    for (const foreign of ['evil.test', 'console.hospital.test', `localhost:${port()}`, 'a@b']) {
      expect(codeOf(await get({ host: foreign }))).toBe('desk/foreign-host');
    }
    for (const origin of ['https://evil.test', `http://${host()}`, `https://127.0.0.1:${port()}`]) {
      expect(codeOf(await get({ origin }))).toBe('desk/foreign-origin');
      expect((await signIn('Dr Chen', PASSWORD, { origin })).status).toBe(403);
      expect((await post('/api/verdicts', { cookie, origin }, '{}')).status).toBe(403);
    }
    expect(codeOf(await get({ 'sec-fetch-site': 'cross-site' }))).toBe('desk/foreign-origin');
  });

  it('lets a role do what it may', async () => {
    const [reviewer, reader] = [await signIn('Dr Chen'), await signIn('Visitor')].map(cookieOf);
    expect((await post('/api/verdicts', { cookie: reviewer }, '{}')).status).toBe(200);
    const refused = await post('/api/verdicts', { cookie: reader }, '{}');
    expect([refused.status, codeOf(refused)]).toEqual([403, 'desk/not-allowed']);
    expect((await call('GET', '/api/caller', { cookie: reader })).status).toBe(200);
    const open = routes.map(({ may: _, ...route }) => route);
    await expect(start({ routes: open })).rejects.toThrow('says which people may');
  });

  it('signs out whoever does nothing, though their page looks on, and everybody in the end', async () => {
    const cookie = cookieOf(await signIn('Dr Chen'));
    const look = async (headers: object = {}) =>
      (await call('GET', '/api/caller', { cookie, ...headers })).status;
    await clock.advance(PERSON_IDLE_MS - 1);
    expect(await look()).toBe(200);
    await clock.advance(PERSON_IDLE_MS - 1);
    expect(await look({ 'fedvox-watching': '1' })).toBe(200);
    await clock.advance(1);
    expect(await look()).toBe(401);
    const busy = cookieOf(await signIn('Dr Chen'));
    for (let passedMs = 0; passedMs < PERSON_SESSION_MS; passedMs += PERSON_IDLE_MS / 2) {
      expect((await call('GET', '/api/caller', { cookie: busy })).status).toBe(200);
      await clock.advance(PERSON_IDLE_MS / 2);
    }
    expect((await call('GET', '/api/caller', { cookie: busy })).status).toBe(401);
  });

  it('heeds at once who is taken out, or gets another password or role', async () => {
    const own = new PeopleFile(join(folder, 'others.json'));
    for (const name of ['Leaves', 'Changes', 'Rises']) await own.add(name, 'reader', PASSWORD);
    await desk.close();
    desk = await start({ people: own });
    const cookies = [await signIn('Leaves'), await signIn('Changes')].map(cookieOf);
    const command = new PeopleFile(own.path);
    await command.remove('leaves');
    await command.add('Changes', 'reader', 'another long one');
    for (const cookie of cookies) {
      expect((await call('GET', '/api/caller', { cookie })).status).toBe(401);
    }
    await expect(command.remove('Leaves')).rejects.toThrow('nobody called Leaves');
  });

  it('keeps no password, and lets nobody else read what it keeps', async () => {
    const text = await readFile(people.path, 'utf8');
    expect(text).not.toContain(PASSWORD);
    expect(JSON.parse(text).people[0].password).toMatchObject({ kind: 'scrypt', N: 65_536 });
    expect((await stat(people.path)).mode & 0o777).toBe(0o600);
    await expect(people.add('Short', 'reader', 'too short')).rejects.toThrow('12 to 256');
    await chmod(people.path, 0o644);
    await expect(people.people()).rejects.toThrow('read by other accounts');
    await chmod(people.path, 0o600);
  });

  it('is not opened where nobody may sign in, or the key is of another certificate', async () => {
    const nobody = new PeopleFile(join(folder, 'nobody.json'));
    await expect(start({ people: nobody })).rejects.toThrow('nobody may sign in');
    const other = await mkdtemp(join(folder, 'other-'));
    const { tls } = await writeNetworkCertificate(other, ['127.0.0.1']);
    const mixed = { ...certificate.tls, key: tls.key };
    const opened = startDesk({
      ...{ name: 'sample', routes, pages: new Map(), clock, log: silentLogger() },
      network: { host: '127.0.0.1', port: 0, tls: mixed, people },
    });
    await expect(opened).rejects.toThrow('the key is of another certificate');
  });
});
