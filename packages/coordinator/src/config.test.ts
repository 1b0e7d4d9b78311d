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

  it('names every problem at once, with its line', async () => {
    const bad = load('federation: Demo\nstateDir: s\nconsortiumDir: c\nlisten:\n  port: 1\n');
    await expect(bad).rejects.toMatchObject({
      code: 'base/config-invalid',
      message: expect.stringMatching(/line 1: federation[\s\S]*listen[\s\S]*publicHost/),
    });
  });
});
