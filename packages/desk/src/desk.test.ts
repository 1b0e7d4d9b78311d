import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { defineErrors, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningDesk, startDesk } from './desk.js';
import { bytesAnswer, type DeskRoute, jsonAnswer, streamAnswer } from './desk-routes.js';
import { LINK_LIFE_MS, SESSION_IDLE_MS } from './limits.js';
import { rawCall, signIn } from './testing/raw-call.js';

const fail = defineErrors('sample', {
  'not-so': { message: 'it is not so', advice: 'Look again.' },
  away: { message: 'it is away', advice: 'Wait.' },
});
const page = (text: string) => ({ type: 'text/html; charset=utf-8', bytes: Buffer.from(text) });
const pages = new Map([
  ['/', page('<!doctype html><title>page</title>')],
  ['/assets/page.js', { type: 'text/javascript; charset=utf-8', bytes: Buffer.from('page()') }],
]);

let orders: unknown[] = [];
let failures: unknown[] = [];
/** Of the route that waits: that it does, and that it no longer has to. */
let begun: Promise<void>;
let onBegun: () => void;
let aborted: Promise<void>;
let onAborted: () => void;
const routes: readonly DeskRoute[] = [
  {
    method: 'GET',
    path: '/api/things/:id',
    handle: async ({ params, query }) => jsonAnswer({ id: params['id'], from: query['from'] }),
  },
  {
    method: 'POST',
    path: '/api/orders',
    handle: async ({ body }) => {
      orders.push(body);
      return jsonAnswer({ count: orders.length });
    },
  },
  {
    method: 'GET',
    path: '/api/bytes',
    handle: async () => bytesAnswer('image/png', Buffer.from([1, 2, 3])),
  },
  {
    method: 'GET',
    path: '/api/file',
    handle: async () =>
      streamAnswer('application/octet-stream', Readable.from([Buffer.from('abc')]), {
        fileName: 'best “model”.safetensors',
        byteLength: 3,
      }),
  },
  {
    method: 'GET',
    path: '/api/wrong',
    handle: async () => {
      throw fail('not-so');
    },
  },
  {
    method: 'GET',
    path: '/api/away',
    handle: async () => {
      throw fail('away');
    },
  },
  {
    method: 'GET',
    path: '/api/broken',
    handle: async () => {
      throw new Error('a planted secret in /home/somebody');
    },
  },
  {
    method: 'GET',
    path: '/api/waiting',
    handle: ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          onAborted();
          reject(signal.reason);
        });
        onBegun();
      }),
  },
];

const clock = new VirtualClock();
let desk: RunningDesk;
let cookie: string;

beforeEach(async () => {
  orders = [];
  failures = [];
  begun = new Promise((resolve) => {
    onBegun = resolve;
  });
  aborted = new Promise((resolve) => {
    onAborted = resolve;
  });
  const statusOf = ({ code }: { code: string }) => (code === 'sample/away' ? 503 : undefined);
  const log = silentLogger();
  log.error = (...words: unknown[]) => void failures.push(words);
  desk = await startDesk({ name: 'sample', routes, pages, clock, log, statusOf });
  cookie = await signIn(desk.link());
});
afterEach(() => desk.close());

const get = (path: string, headers: Record<string, string> = {}) =>
  rawCall(desk.origin, { path, headers: { cookie, ...headers } });
const post = (headers: Record<string, string>, body = '{"stop":true}') =>
  rawCall(desk.origin, {
    method: 'POST',
    path: '/api/orders',
    headers: { cookie, 'content-type': 'application/json', ...headers },
    body,
  });
const codeOf = ({ text }: { text: string }) => (JSON.parse(text) as { code: string }).code;

describe('a desk', () => {
  it('listens on 127.0.0.1 and on no other address', async () => {
    expect(desk.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const port = Number(new URL(desk.origin).port);
    // Another loopback address is free, which it is not where somebody listens on all of them.
    const other = createServer();
    await new Promise<void>((resolve, reject) => {
      other.once('error', reject);
      other.listen(port, '127.0.0.2', resolve);
    });
    await new Promise((resolve) => other.close(resolve));
  });

  it('says by name when its port is taken', async () => {
    const port = Number(new URL(desk.origin).port);
    const second = startDesk({ name: 'b', routes: [], pages, clock, log: silentLogger(), port });
    await expect(second).rejects.toMatchObject({ code: 'desk/listen-failed' });
  });

  it('serves its pages and routes to a browser that came in by a link', async () => {
    expect(await get('/')).toMatchObject({ status: 200, text: expect.stringContaining('page') });
    expect(await get('/assets/page.js?v=1')).toMatchObject({ status: 200, text: 'page()' });
    expect((await get('/assets/page.js')).headers['content-type']).toMatch(/^text\/javascript/);
    const { text } = await get('/api/things/a%2Fb?from=3&from=4');
    expect(JSON.parse(text)).toEqual({ id: 'a/b', from: '4' });
    expect((await get('/api/bytes')).headers['content-type']).toBe('image/png');
    expect((await get('/favicon.ico')).status).toBe(204);
  });

  it('names a file that is saved, whatever its letters', async () => {
    const { headers, text } = await get('/api/file');
    expect(text).toBe('abc');
    expect(headers['content-length']).toBe('3');
    expect(headers['content-disposition']).toBe(
      "attachment; filename*=UTF-8''best%20%E2%80%9Cmodel%E2%80%9D.safetensors",
    );
  });

  it('answers a named error with its code, message and advice, and its status', async () => {
    const wrong = await get('/api/wrong');
    expect(wrong.status).toBe(422);
    expect(JSON.parse(wrong.text)).toEqual({
      code: 'sample/not-so',
      message: 'it is not so',
      advice: 'Look again.',
    });
    expect((await get('/api/away')).status).toBe(503);
  });

  it('tells nothing of an error that has no name', async () => {
    const broken = await get('/api/broken');
    expect(broken.status).toBe(500);
    expect(codeOf(broken)).toBe('desk/internal');
    expect(broken.text).not.toContain('secret');
  });

  it('ends a wait when the browser is gone, and takes that for no failure', async () => {
    const gone = new AbortController();
    const waiting = fetch(`${desk.origin}/api/waiting`, {
      headers: { cookie },
      signal: gone.signal,
    });
    const over = expect(waiting).rejects.toThrow();
    await begun;
    gone.abort();
    await over;
    await aborted;
    await get('/api/bytes');
    expect(failures).toEqual([]);
    await get('/api/broken');
    expect(failures).toHaveLength(1);
  });

  it('ends every wait when it closes', async () => {
    const waiting = get('/api/waiting');
    const over = expect(waiting).rejects.toThrow();
    await begun;
    await desk.close();
    await over;
    await aborted;
  });

  it('sends its policy with every answer, refusals among them', async () => {
    for (const answer of [
      await get('/'),
      await get('/api/wrong'),
      await get('/nowhere'),
      await rawCall(desk.origin, { path: '/' }),
    ]) {
      expect(answer.headers['content-security-policy']).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('a link', () => {
  const follow = (link: string, headers: Record<string, string> = {}) =>
    rawCall(desk.origin, { path: new URL(link).pathname, headers });

  it('sets a cookie that no script reads and no other site sends', async () => {
    const { status, headers } = await follow(desk.link());
    expect(status).toBe(200);
    expect(headers['set-cookie']?.[0]).toMatch(
      /^fedvox-sample-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  it('works once', async () => {
    const link = desk.link();
    await follow(link);
    const second = await follow(link, { accept: 'text/html' });
    expect(second.status).toBe(403);
    expect(second.headers['set-cookie']).toBeUndefined();
    expect(second.text).toContain('desk/link-not-valid');
  });

  it('works for five minutes', async () => {
    const [early, late] = [desk.link(), desk.link()];
    await clock.advance(LINK_LIFE_MS - 1);
    expect((await follow(early)).status).toBe(200);
    await clock.advance(1);
    expect((await follow(late)).status).toBe(403);
  });

  it('is not used up by a browser that looks ahead', async () => {
    const link = desk.link();
    expect((await follow(link, { 'sec-purpose': 'prefetch' })).status).toBe(403);
    expect(
      (await rawCall(desk.origin, { method: 'HEAD', path: new URL(link).pathname })).status,
    ).toBe(401);
    expect((await follow(link, { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });

  it('cannot be guessed: another secret is refused', async () => {
    desk.link();
    expect((await follow(`${desk.origin}/enter/${'A'.repeat(43)}`)).status).toBe(403);
  });
});

describe('a request is refused', () => {
  it('without a cookie, with a made-up one, and with that of another desk', async () => {
    for (const path of ['/', '/assets/page.js', '/api/things/1', '/nowhere']) {
      const none = await rawCall(desk.origin, { path });
      expect([none.status, codeOf(none)]).toEqual([401, 'desk/not-signed-in']);
    }
    const name = cookie.split('=', 1)[0];
    expect((await get('/', { cookie: `${name}=${'A'.repeat(43)}` })).status).toBe(401);
    expect((await get('/', { cookie: cookie.replace('sample', 'other') })).status).toBe(401);
  });

  it('once its browser has been silent for twelve hours', async () => {
    await clock.advance(SESSION_IDLE_MS - 1);
    expect((await get('/')).status).toBe(200);
    await clock.advance(SESSION_IDLE_MS);
    expect((await get('/')).status).toBe(401);
  });

  it('under a foreign name, with its cookie, and for a link too', async () => {
    const port = new URL(desk.origin).port;
    for (const host of ['evil.example', `evil.example:${port}`, `localhost:${port}`, '127.0.0.1']) {
      const answer = await get('/', { host });
      expect([answer.status, codeOf(answer)]).toEqual([403, 'desk/foreign-host']);
    }
    const link = new URL(desk.link()).pathname;
    const rebound = await rawCall(desk.origin, { path: link, headers: { host: 'evil.example' } });
    expect(rebound.status).toBe(403);
  });

  it('from a foreign origin, from another port of this machine, and from a page without one', async () => {
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null']) {
      const answer = await get('/api/things/1', { origin });
      expect([answer.status, codeOf(answer)]).toEqual([403, 'desk/foreign-origin']);
    }
    for (const site of ['cross-site', 'same-site']) {
      expect((await get('/', { 'sec-fetch-site': site })).status).toBe(403);
    }
  });

  it('as a POST of another site, or of nobody who says where from; its order is not carried out', async () => {
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({})).status).toBe(403);
    const foreign = { origin: desk.origin, 'sec-fetch-site': 'cross-site' };
    expect((await post(foreign)).status).toBe(403);
    expect(orders).toEqual([]);
    const own = { origin: desk.origin, 'sec-fetch-site': 'same-origin' };
    expect((await post(own)).status).toBe(200);
    expect(orders).toEqual([{ stop: true }]);
  });

  it('as a form or as plain text, which other sites could send without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const answer = await post({ origin: desk.origin, 'content-type': type });
      expect([answer.status, codeOf(answer)]).toEqual([415, 'desk/request-unusable']);
    }
    expect(orders).toEqual([]);
  });

  it('with a body that is no JSON, or longer than any order', async () => {
    expect(codeOf(await post({ origin: desk.origin }, '{"stop":'))).toBe('desk/request-unusable');
    const long = JSON.stringify('x'.repeat(2 * 1024 * 1024));
    await expect(post({ origin: desk.origin }, long)).resolves.toMatchObject({ status: 413 });
  });

  it('by any path but those of its files, however it is written', async () => {
    for (const path of [
      '/../package.json',
      '/assets/../assets/page.js',
      '/assets/%2e%2e/assets/page.js',
      '/assets/..%2f..%2fpackage.json',
      '/assets//page.js',
      '/assets/page%2ejs',
      '//etc/passwd',
      '/etc/passwd',
      '/assets/',
      '/index.html',
      '/enter/../',
      '/%00',
    ]) {
      expect([path, (await get(path)).status]).toEqual([path, 404]);
    }
    expect((await get('/assets/%')).status).toBe(400);
  });

  it('by a method that changes what it cannot change', async () => {
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const answer = await rawCall(desk.origin, {
        method,
        path: '/api/orders',
        headers: { cookie, origin: desk.origin },
      });
      expect([method, answer.status]).toEqual([method, 404]);
    }
  });
});
