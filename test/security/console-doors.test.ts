import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPages } from '../support/built-pages.js';
import { type ConsoleGround, startConsoleGround } from '../support/console-ground.js';

let ground: ConsoleGround;
let cookie: string;
beforeAll(async () => {
  await buildPages();
  ground = await startConsoleGround();
  const { headers } = await fetch(ground.desk.link());
  cookie = (headers.get('set-cookie') ?? '').split(';', 1)[0] as string;
}, 120_000);
afterAll(() => ground.stop());

const ask = async (path: string, options: RequestInit = {}) => {
  const headers = { cookie, origin: ground.desk.origin, ...options.headers };
  const response = await fetch(`${ground.desk.origin}${path}`, { ...options, headers });
  return { status: response.status, body: await response.text() };
};
const json = async <T>(path: string): Promise<T> => JSON.parse((await ask(path)).body) as T;

/** Every file of the site that is not the agent's to change meanwhile, with its bytes. */
function untouched(): Record<string, string> {
  const { root } = ground.scene.folder;
  const names = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const kept = files.filter(
    (path) => !/review|status\.json|egress|contact\.json|diary/.test(path.slice(root.length)),
  );
  return Object.fromEntries(kept.map((path) => [path, readFileSync(path, 'base64')]));
}

const ROUTES = ['/api/self', '/api/today', '/api/left', '/api/jobs', '/api/data'];

describe('a hospital’s console', () => {
  it('tells nothing to whoever did not come in by its link', async () => {
    for (const path of [...ROUTES, '/', '/api/data/pictures/x.png']) {
      const response = await fetch(`${ground.desk.origin}${path}`);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toMatch(/north|lesion/);
    }
    const foreign = await fetch(`${ground.desk.origin}/api/data/look`, {
      method: 'POST',
      headers: { cookie, origin: 'http://evil.example', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(foreign.status).toBe(403);
  });

  it('reaches no file by a name that is given: neither keys nor scans', async () => {
    const { credentials } = ground.scene.folder;
    expect(existsSync(join(credentials, 'credentials.pem'))).toBe(true);
    const names = [
      ...['..%2f..%2fcredentials%2fcredentials.pem', '%2e%2e/credentials', 'last-look.json'],
      ...[`${'a'.repeat(64)}.png`, `${'a'.repeat(64)}.png%00`, '..%5c..%5ccredentials.pem'],
    ];
    for (const name of names) {
      for (const path of [`/api/data/pictures/${name}`, `/api/left/statements/${name}`]) {
        const { status, body } = await ask(path);
        expect([path, [400, 404].includes(status)]).toEqual([path, true]);
        expect(body).not.toContain('PRIVATE KEY');
      }
    }
  });

  it('looks at the data in a process of its own, names no patient and writes only in review', async () => {
    const before = untouched();
    const sentBefore = ground.scene.coordinator.accepted.length;
    const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };
    expect((await ask('/api/data/look', post)).status).toBe(200);
    expect((await ask('/api/data/look', post)).body).toContain('console/looks-already');
    interface Page {
      readonly look: { readonly kind: string };
      readonly findings: {
        readonly job: string;
        readonly scans: readonly { readonly usable: boolean; readonly picture: string }[];
      } | null;
    }
    const page = () => json<Page>('/api/data');
    await expect.poll(async () => (await page()).look.kind, { timeout: 90_000 }).toBe('idle');
    const { findings } = await page();
    expect(findings?.scans.filter(({ usable }) => usable)).toHaveLength(4);
    expect(findings?.job).toBe(ground.scene.job);
    const picture = await fetch(
      `${ground.desk.origin}/api/data/pictures/${findings?.scans[0]?.picture}`,
      { headers: { cookie } },
    );
    expect(picture.headers.get('content-type')).toBe('image/png');
    expect(JSON.stringify(findings)).not.toMatch(/patientId/);
    expect(untouched()).toEqual(before);
    expect(ground.scene.coordinator.accepted).toHaveLength(sentBefore);
  }, 120_000);

  it('says in red where the ledger is broken, and reads what is readable all the same', async () => {
    interface Left {
      readonly sums: {
        readonly through: number;
        readonly gapCount: number;
        readonly gaps: unknown[];
      };
      readonly statements: readonly { readonly digest: string }[];
    }
    await ground.stopAgent();
    const { sums, statements } = await json<Left>('/api/left');
    expect(sums.gapCount).toBe(0);
    expect(statements).toHaveLength(2);
    const { egressLedger } = ground.scene.folder;
    const whole = readFileSync(egressLedger, 'utf8');
    const lines = whole.split('\n');
    writeFileSync(egressLedger, [...lines.slice(0, 3), ...lines.slice(4)].join('\n'));
    const broken = await json<Left>('/api/left');
    expect(broken.sums.gaps[0]).toMatchObject({ kind: 'missing', after: 3, next: 5 });
    expect(broken.sums.through).toBeGreaterThanOrEqual(sums.through);
    writeFileSync(egressLedger, whole);
    expect((await json<Left>('/api/left')).sums).toEqual(sums);
  });
});
