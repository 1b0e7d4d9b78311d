import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initConsortium } from '@fedvox/pki';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const FEDVOX = fileURLToPath(new URL('../../packages/cli/bin/fedvox.mjs', import.meta.url));
/** A mount namespace of its own gives a small disk and one that takes nothing, without root. */
const canMount =
  spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-disks-'));
  const consortium = join(folder, 'consortium');
  await initConsortium({
    folder: consortium,
    federation: 'testfed',
    hosts: ['localhost'],
    nowMs: Date.now(),
  });
  const ports = 'listen: {host: localhost, federationPort: 0, enrollmentPort: 0, httpPort: 0}';
  const coordinator = `federation: testfed\nstateDir: disk/state\nconsortiumDir: consortium\npublicHost: localhost\n${ports}\n`;
  await writeFile(join(folder, 'coordinator.yaml'), coordinator);
  const site = 'site: north\nstateDir: disk/site\ndata: {kind: msd, path: .}\n';
  await writeFile(join(folder, 'site.yaml'), site);
});
afterAll(() => rm(folder, { recursive: true }));

const FULL = 'mount -t tmpfs -o size=200k tmpfs disk; dd if=/dev/zero of=disk/fill bs=1k count=190';
const READ_ONLY = 'mount -t tmpfs tmpfs disk; mount -o remount,ro disk';

/** Runs a command where `disk/` is prepared as given; what it says on stderr. */
function sayOn(disk: string, command: string): Promise<string> {
  const script = `mkdir -p disk; { ${disk}; } 2>/dev/null; exec ${process.execPath} ${FEDVOX} ${command}`;
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: 25_000 };
    execFile('unshare', ['-rm', 'sh', '-c', script], options, (_, __, stderr) => resolve(stderr));
  });
}

describe.skipIf(!canMount)('a disk that takes nothing', () => {
  it.each([
    [FULL, 'coordinator start --config coordinator.yaml', /^error: the disk of .*state.* is full/m],
    [
      READ_ONLY,
      'coordinator start --config coordinator.yaml',
      /^error: .*disk\/state is on a file system that is mounted read-only/m,
    ],
    [
      READ_ONLY,
      'agent start --config site.yaml',
      /^error: .*disk\/site is on a file system that is mounted read-only/m,
    ],
    [
      READ_ONLY,
      'consortium init --federation other --hosts localhost --dir disk/other',
      /^error: .* is on a file system that is mounted read-only/m,
    ],
  ])('(%s) is named by "%s", with the path and what to do', async (disk, command, message) => {
    const stderr = await sayOn(disk, command);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^→ (Free space there|Mount it writable)/m);
  });
});
