import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ProcessOptions, runCommand, ServiceProcess } from './process.js';

/** Stands in for the built command: behaves as its first argument says. */
const ENTRY = `
const [behaviour] = process.argv.slice(2);
const serve = () => { process.stdin.resume(); process.stdout.write('{"port":1}\\n'); };
if (behaviour === 'wait') setInterval(() => undefined, 1000);
if (behaviour === 'print') process.stdout.write('result');
if (behaviour === 'fail') { console.error('first\\nthe reason'); process.exitCode = 3; }
if (behaviour === 'serve') { process.on('SIGTERM', () => { console.error('bye'); process.exit(0); }); serve(); }
if (behaviour === 'crash') { serve(); setTimeout(() => { console.error('lost my mind'); process.exit(7); }, 50); }
if (behaviour === 'follow-parent') { serve(); process.stdin.on('end', () => process.exit(0)); }
if (behaviour === 'silent') process.stdin.resume();
`;

let folder: string;
let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  folder = await mkdtemp(join(tmpdir(), 'fedvox-process-'));
  await writeFile(join(folder, 'entry.mjs'), ENTRY);
});
afterEach(() => rm(folder, { recursive: true }));

const options = (behaviour: string): ProcessOptions => ({
  command: { node: process.execPath, entry: join(folder, 'entry.mjs') },
  name: `service ${behaviour}`,
  args: [behaviour],
  logPath: join(folder, 'service.log'),
  clock,
});

describe('a command', () => {
  it('gives its standard output when it ends well', async () => {
    await expect(runCommand(options('print'))).resolves.toBe('result');
  });

  it('fails with its exit code and the end of its log', async () => {
    await expect(runCommand(options('fail'))).rejects.toMatchObject({
      code: 'simulator/command-failed',
      message: expect.stringMatching(/fedvox service fail failed \(exit code 3\).*the reason/s),
    });
  });

  it('is killed when the run is aborted', async () => {
    const controller = new AbortController();
    const endless = runCommand(options('wait'), controller.signal);
    controller.abort();
    await expect(endless).rejects.toThrow(/aborted/);
  });
});

describe('a service', () => {
  it('says what it serves, and ends when it is asked to', async () => {
    const service = await ServiceProcess.start(options('serve'));
    expect(await service.ready(10_000)).toEqual({ port: 1 });
    await service.stop();
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(await readFile(join(folder, 'service.log'), 'utf8')).toBe('bye\n');
  });

  it('is reported by name, with the end of its log, when it ends by itself', async () => {
    const service = await ServiceProcess.start(options('crash'));
    await service.ready(10_000);
    await expect(service.died()).rejects.toMatchObject({
      code: 'simulator/process-died',
      message: expect.stringMatching(/service crash ended by itself \(code 7\).*lost my mind/s),
    });
  });

  it('is reported when it dies before it is ready, or never says that it is', async () => {
    const early = await ServiceProcess.start(options('fail'));
    await expect(early.ready(10_000)).rejects.toMatchObject({ code: 'simulator/process-died' });
    const silent = await ServiceProcess.start(options('silent'));
    const waiting = expect(silent.ready(200)).rejects;
    await clock.advance(200);
    await waiting.toMatchObject({ code: 'simulator/process-not-ready' });
    await silent.kill();
    expect(await silent.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('holds the end of a pipe that closes with us, so that it never outlives us', async () => {
    const middleman = join(folder, 'middleman.mjs');
    await writeFile(
      middleman,
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, [${JSON.stringify(join(folder, 'entry.mjs'))}, 'follow-parent'], { stdio: ['pipe', 'ignore', 'ignore'] });
       process.stdout.write(JSON.stringify({ pid: child.pid }) + '\\n');
       setInterval(() => undefined, 1000);`,
    );
    const parent = await ServiceProcess.start({
      ...options('unused'),
      command: { node: process.execPath, entry: middleman },
    });
    const { pid } = (await parent.ready(10_000)) as { pid: number };
    await parent.kill();
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
