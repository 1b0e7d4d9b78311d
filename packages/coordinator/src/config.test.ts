import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCoordinatorConfig } from './load-config.js';

describe('coordinator.yaml', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const load = async (text: string) => {
    const path = join(folder, 'coordinator.yaml');
    await writeFile(path, text);
    return loadCoordinatorConfig(path);
  };

  it('needs four lines, and takes its paths relative to itself', async () => {
    const config = await load(
      'federation: demo\nstateDir: state\nconsortiumDir: certs\npublicHost: localhost\n',
    );
    expect(config.stateDir).toBe(join(folder, 'state'));
    expect(config.consortiumDir).toBe(join(folder, 'certs'));
    expect(config.listen.federationPort).toBe(8443);
  });

  it('keeps revocations where it is told to, relative to itself', async () => {
    const text = 'federation: demo\nstateDir: s\nconsortiumDir: c\npublicHost: localhost\n';
    const config = await load(`${text}revocationsFile: apart/revocations.jsonl\n`);
    expect(config.revocationsFile).toBe(join(folder, 'apart', 'revocations.jsonl'));
  });

  it('names every problem at once, with its line', async () => {
    const bad = load('federation: Demo\nstateDir: s\nconsortiumDir: c\nlisten:\n  port: 1\n');
    await expect(bad).rejects.toMatchObject({
      code: 'base/config-invalid',
      message: expect.stringMatching(/line 1: federation[\s\S]*listen[\s\S]*publicHost/),
    });
  });

  it('refuses two doors on one port, and a host with more than a host', async () => {
    const head = 'federation: demo\nstateDir: s\nconsortiumDir: c\n';
    const equal = load(
      `${head}publicHost: localhost\nlisten:\n  federationPort: 9000\n  httpPort: 9000\n`,
    );
    await expect(equal).rejects.toThrow(
      'line 7: listen.httpPort: is 9000, as is federationPort; each needs a port of its own',
    );
    const free = load(
      `${head}publicHost: localhost\nlisten: {federationPort: 0, enrollmentPort: 0, httpPort: 0}\n`,
    );
    expect((await free).listen.httpPort).toBe(0);
    for (const host of ['https://fed.example.org', 'fed.example.org:8443']) {
      await expect(load(`${head}publicHost: ${host}\n`)).rejects.toThrow(
        /line 4: publicHost: .*write "fed.example.org"/,
      );
    }
    await expect(load(`${head}publicHost: localhost\nlisten: {host: '[::1]'}\n`)).rejects.toThrow(
      /line 5: listen.host: .*write "::1"/,
    );
  });

  const HEAD = 'federation: demo\nstateDir: s\nconsortiumDir: c\npublicHost: localhost\n';

  it('names a database, and takes no password with it', async () => {
    const store = 'postgres://fedvox@db.example.org/fedvox?sslmode=verify-full';
    expect((await load(`${HEAD}store: ${store}\n`)).store).toBe(store);
    for (const text of ['postgres://me:secret@db/fedvox', 'postgres://me@db/f?password=secret']) {
      const error = await load(`${HEAD}store: ${text}\n`).catch((thrown: Error) => thrown);
      expect(String(error)).toMatch(/line 5: store: holds a password; .*PGPASSWORD/);
      expect(String(error)).not.toContain('secret');
    }
    await expect(load(`${HEAD}store: mysql://db/fedvox\n`)).rejects.toThrow(/line 5: store/);
  });

  it('names a folder or a bucket for blobs, and no model that a bucket takes not at once', async () => {
    expect((await load(`${HEAD}blobs: shared\n`)).blobs).toBe(join(folder, 'shared'));
    const bucket = 'blobs: {bucket: b, endpoint: "https://s3.example.org"}\n';
    expect((await load(HEAD + bucket)).blobs).toMatchObject({ bucket: 'b', region: 'us-east-1' });
    const large = `limits: {maxModelBytes: ${6 * 1024 ** 3}}\n`;
    expect((await load(HEAD + large)).limits.maxModelBytes).toBe(6 * 1024 ** 3);
    await expect(load(HEAD + bucket + large)).rejects.toThrow(/limits.maxModelBytes: is more/);
    await expect(load(`${HEAD}blobs: {bucket: b, kmsKey: k}\n`)).rejects.toThrow(/kmsKey/);
  });

  it('says the key that was meant by a misspelt one, once', async () => {
    const text = 'federation: demo\nstateDir: s\nconsortiumDir: c\npublicHosts: localhost\n';
    await expect(load(text)).rejects.toThrow(
      /has 1 problem\(s\):\n {2}line 4: publicHosts: .*did you mean "publicHost"\?$/,
    );
  });
});
