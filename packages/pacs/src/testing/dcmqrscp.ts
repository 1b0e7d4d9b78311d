import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { SITE_TITLE } from './orthanc.js';

const START_ATTEMPTS = 100;
const START_PAUSE_MS = 50;

export function hasDcmtk(): boolean {
  return ['dcmqrscp', 'storescu'].every((each) => spawnSync(each, ['--version']).status === 0);
}

/** DCMTK's archive, which knows no DICOMweb, on loopback and below a temporary folder. */
export class Dcmqrscp {
  static readonly title = 'DCMQRSCP';

  private constructor(
    readonly folder: string,
    readonly port: number,
    readonly process: ChildProcess,
  ) {}

  get dimseUrl(): string {
    return `dimse://127.0.0.1:${this.port}/${Dcmqrscp.title}`;
  }

  static async start(): Promise<Dcmqrscp> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-dcmqrscp-'));
    const storage = join(folder, 'storage');
    await mkdir(storage);
    const port = await freePort();
    const settings = [
      `NetworkTCPPort = ${port}`,
      'MaxPDUSize = 16384',
      'MaxAssociations = 16',
      'HostTable BEGIN',
      `site = (${SITE_TITLE}, 127.0.0.1, 104)`,
      'HostTable END',
      'VendorTable BEGIN',
      'VendorTable END',
      'AETable BEGIN',
      `${Dcmqrscp.title} ${storage} RW (200, 1024mb) ANY`,
      'AETable END',
    ];
    const path = join(folder, 'dcmqrscp.cfg');
    await writeFile(path, `${settings.join('\n')}\n`);
    const child = spawn('dcmqrscp', ['-c', path], { stdio: 'ignore' });
    const archive = new Dcmqrscp(folder, port, child);
    await archive.#untilItListens();
    return archive;
  }

  /** Sends files by C-STORE, as a scanner does. */
  async store(folder: string): Promise<void> {
    const target = ['-aec', Dcmqrscp.title, '127.0.0.1', String(this.port)];
    await promisify(execFile)('storescu', ['-R', ...target, '+sd', '+r', folder]);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGTERM');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #untilItListens(): Promise<void> {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      if (await listens(this.port)) return;
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
    await this.stop();
    throw new Error('dcmqrscp did not start');
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
