import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so';
/** The AE title that it knows a site by. */
export const SITE_TITLE = 'FEDVOX';
const START_ATTEMPTS = 100;
const START_PAUSE_MS = 100;

/** Whether a real archive, its DICOMweb plugin and a real DICOM client are on this machine. */
export function hasOrthanc(): boolean {
  return existsSync(PLUGIN) && isOnPath('Orthanc') && isOnPath('storescu');
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** An Orthanc of its own on loopback, with an account, storing below a temporary folder. */
export class Orthanc {
  static readonly account = 'north:correct horse';
  static readonly title = 'ORTHANC';

  private constructor(
    readonly folder: string,
    readonly httpPort: number,
    readonly dicomPort: number,
    readonly process: ChildProcess,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}/dicom-web`;
  }

  /** The same archive by DIMSE. */
  get dimseUrl(): string {
    return `dimse://127.0.0.1:${this.dicomPort}/${Orthanc.title}`;
  }

  /** @param extra settings, of DICOM TLS for one */
  static async start(extra: object = {}): Promise<Orthanc> {
    const folder = await mkdtemp(join(tmpdir(), 'fedvox-orthanc-'));
    await mkdir(join(folder, 'storage'));
    const [httpPort, dicomPort] = await Promise.all([freePort(), freePort()]);
    const [user = '', password = ''] = Orthanc.account.split(':');
    const configuration = {
      Name: 'fedvox-test',
      HttpPort: httpPort,
      DicomPort: dicomPort,
      DicomAet: Orthanc.title,
      DicomCheckCalledAet: true,
      DicomAlwaysAllowEcho: false,
      DicomAlwaysAllowStore: true,
      // The port is for C-MOVE, which nobody asks for here.
      DicomModalities: { site: { AET: SITE_TITLE, Host: '127.0.0.1', Port: 104, AllowGet: true } },
      RemoteAccessAllowed: false,
      AuthenticationEnabled: true,
      RegisteredUsers: { [user]: password },
      StorageDirectory: join(folder, 'storage'),
      IndexDirectory: join(folder, 'storage'),
      Plugins: [PLUGIN],
      HttpThreadsCount: 4,
      DicomWeb: { Enable: true, Root: '/dicom-web/' },
      ...extra,
    };
    const path = join(folder, 'orthanc.json');
    await writeFile(path, JSON.stringify(configuration));
    const environment = { ...process.env, PATH: `${process.env['PATH']}${delimiter}/usr/sbin` };
    const child = spawn('Orthanc', [path], { stdio: 'ignore', env: environment });
    const orthanc = new Orthanc(folder, httpPort, dicomPort, child);
    await orthanc.#untilItAnswers();
    return orthanc;
  }

  /** Sends files by DICOM's own protocol (C-STORE), as a scanner does. */
  async store(folder: string): Promise<void> {
    const target = ['-aec', Orthanc.title, '127.0.0.1', String(this.dicomPort)];
    // `-R` proposes the kinds of object that are there, segmentations among them.
    await promisify(execFile)('storescu', ['-R', ...target, '+sd', '+r', folder]);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      const exited = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGTERM');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  async #untilItAnswers(): Promise<void> {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      const answer = await fetch(`${this.url}/studies`).catch((error: Error) => error);
      if (answer instanceof Response) return;
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
    await this.stop();
    throw new Error('Orthanc did not start');
  }
}
