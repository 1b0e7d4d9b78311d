import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dimse from 'dcmjs-dimse';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAST_RETRIES, FAST_RETRYING } from '../testing/scripted-archive.js';
import { archiveAddress } from './archive-address.js';
import { DimseClient } from './dimse-client.js';
import { MAX_PDU_BYTES } from './pdu-guard.js';

const { Accept, RejectAbstractSyntaxNotSupported } = dimse.constants.PresentationContextResult;
const { Status } = dimse.constants;
const LIMITS = { idleTimeoutMs: 300, totalTimeoutMs: 5_000 };
const SERIES = { studyUid: '1.2', seriesUid: '1.2.1' };
const MR = '1.2.840.10008.5.1.4.1.1.4';

/** What the archive of a test does, in place of what an honest one would. */
interface Script {
  associate?(scp: Archive, association: dimse.association.Association): void;
  /** Rows of the answer to a C-FIND. */
  rows?: Record<string, string>[];
  findStatus?: number;
  get?(scp: Archive): void;
  getStatus?: number;
}

let script: Script;
let server: Server;
let open: Set<Socket>;
let connections: number;
let folder: string;

class Archive extends dimse.Scp {
  override associationRequested(association: dimse.association.Association): void {
    if (script.associate !== undefined) {
      script.associate(this, association);
      return;
    }
    for (const { context } of association.getPresentationContexts()) {
      context.setResult(Accept, context.getTransferSyntaxUids()[0]);
    }
    this.sendAssociationAccept();
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
  }

  override cFindRequest(
    request: dimse.requests.CFindRequest,
    answer: (responses: dimse.responses.CFindResponse[]) => void,
  ): void {
    const rows = (script.rows ?? []).map((row) => {
      const response = dimse.responses.CFindResponse.fromRequest(request);
      response.setDataset(new dimse.Dataset(row));
      response.setStatus(Status.Pending);
      return response;
    });
    const last = dimse.responses.CFindResponse.fromRequest(request);
    last.setStatus(script.findStatus ?? Status.Success);
    answer([...rows, last]);
  }

  override cGetRequest(
    request: dimse.requests.CGetRequest,
    answer: (responses: dimse.responses.CGetResponse[]) => void,
  ): void {
    script.get?.(this);
    const last = dimse.responses.CGetResponse.fromRequest(request);
    last.setStatus(script.getStatus ?? Status.Success);
    last.setFailures(2);
    if (script.getStatus !== undefined) answer([last]);
  }
}

beforeEach(async () => {
  script = {};
  open = new Set();
  connections = 0;
  folder = await mkdtemp(join(tmpdir(), 'fedvox-dimse-'));
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

async function listen(onConnection: (socket: Socket) => void): Promise<DimseClient> {
  server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => open.delete(socket));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new DimseClient(archiveAddress(`dimse://127.0.0.1:${port}/PACS`), {
    ...FAST_RETRYING,
    httpLimits: LIMITS,
    retrieveLimits: {
      maxParts: 3,
      maxHeaderBytes: 1_000,
      maxPartBytes: 10_000,
      maxTotalBytes: 20_000,
    },
  });
}

const scripted = () => listen((socket) => void new Archive(socket));
const code = (name: string) => ({ code: `pacs/${name}` });

describe('an association', () => {
  it('that is rejected says by which title, or by which numbers', async () => {
    const reject = (result: number, source: number, reason: number) => {
      script.associate = (scp) => scp.sendAssociationReject(result, source, reason);
    };
    const client = await scripted();
    reject(1, 1, 3);
    await expect(client.echo()).rejects.toMatchObject({
      ...code('calling-ae-refused'),
      message: expect.stringContaining('FEDVOX'),
    });
    reject(1, 1, 7);
    await expect(client.echo()).rejects.toMatchObject({
      ...code('called-ae-refused'),
      message: expect.stringContaining('PACS'),
    });
    reject(1, 2, 2);
    await expect(client.echo()).rejects.toMatchObject({
      ...code('association-rejected'),
      message: expect.stringContaining('1/2/2'),
    });
    expect(connections).toBe(3);
    reject(2, 3, 1);
    await expect(client.echo()).rejects.toMatchObject(code('unavailable'));
    expect(connections).toBe(3 + FAST_RETRIES.maxAttempts);
  });

  it('that is aborted is tried again, a few times', async () => {
    script.associate = (scp) => scp.sendAbort(0, 0);
    await expect((await scripted()).echo()).rejects.toMatchObject(code('aborted'));
    expect(connections).toBe(FAST_RETRIES.maxAttempts);
  });

  it('without what it takes is named', async () => {
    script.associate = (scp, association) => {
      for (const { context } of association.getPresentationContexts()) {
        context.setResult(RejectAbstractSyntaxNotSupported);
      }
      scp.sendAssociationAccept();
    };
    await expect((await scripted()).echo()).rejects.toMatchObject(code('no-presentation-context'));
  });

  it('that nobody answers ends after its time', async () => {
    const client = await listen(() => undefined);
    await expect(client.echo()).rejects.toMatchObject(code('unresponsive'));
  });

  it('that is closed is named', async () => {
    const client = await listen((socket) => socket.end());
    await expect(client.echo()).rejects.toMatchObject(code('no-association'));
  });

  it('that something else answers is named', async () => {
    const client = await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(client.echo()).rejects.toMatchObject(code('malformed-answer'));
  });

  it('in which a piece is announced longer than allowed ends before it comes', async () => {
    const head = Buffer.from([4, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(MAX_PDU_BYTES + 1, 2);
    const client = await listen((socket) => socket.write(head));
    await expect(client.echo()).rejects.toMatchObject(code('too-large'));
  });

  it('ends at once when the caller no longer wants it', async () => {
    const client = await listen(() => undefined);
    const reason = new Error('enough');
    const asking = client.echo(AbortSignal.any([AbortSignal.abort(reason)]));
    await expect(asking).rejects.toBe(reason);
    const controller = new AbortController();
    const waiting = client.echo(controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });
});

describe('a query', () => {
  const row = { StudyInstanceUID: '1.2', SeriesInstanceUID: '1.2.1', Modality: 'MR' };

  it('believes no answer that it did not ask for', async () => {
    script.rows = [row, { ...row, SeriesInstanceUID: '1.2.2', Modality: 'CT' }];
    const found = await (await scripted()).findSeries({ modality: 'MR' }, { studyUid: '1.2' });
    expect(found.map(({ seriesUid }) => seriesUid)).toEqual(['1.2.1']);
  });

  it('takes no UID that could name a path', async () => {
    script.rows = [{ ...row, SeriesInstanceUID: '../../etc' }];
    const finding = (await scripted()).findSeries({ modality: 'MR' }, { studyUid: '1.2' });
    await expect(finding).rejects.toMatchObject(code('malformed-answer'));
    script.rows = [{ SOPInstanceUID: '../1' }];
    const client = await scripted();
    await expect(client.findInstances(SERIES)).rejects.toMatchObject(code('malformed-answer'));
  });

  it('that matches too much, or fails, is refused by name', async () => {
    const client = await scripted();
    script.rows = ['1.1', '1.2', '1.3', '1.4'].map((uid) => ({ SOPInstanceUID: uid }));
    await expect(client.findInstances(SERIES)).rejects.toMatchObject(code('too-large'));
    script.rows = [];
    script.findStatus = 0xc001;
    await expect(client.findInstances(SERIES)).rejects.toMatchObject({
      ...code('request-refused'),
      message: expect.stringContaining('0xC001'),
    });
  });
});

describe('a C-GET', () => {
  const send = (scp: Archive, uid: string, bytes: number) => {
    const pixels = { PixelData: [new Uint8Array(bytes).buffer], _vrMap: { PixelData: 'OW' } };
    const dataset = new dimse.Dataset({ SOPClassUID: MR, SOPInstanceUID: uid, ...pixels });
    const request = new dimse.requests.CStoreRequest(dataset);
    scp.sendRequests([request]);
  };
  const listed = () => {
    script.rows = [{ SOPInstanceUID: '1.2.1.1', SOPClassUID: MR }];
  };

  it('writes what comes to files that hold their own meta information', async () => {
    listed();
    script.get = (scp) => {
      send(scp, '1.2.1.1', 100);
      setTimeout(() => {
        for (const socket of open) socket.end();
      }, 100);
    };
    const getting = (await scripted()).retrieveSeries(SERIES, join(folder, 'series'));
    // All that was listed is here when the association breaks: nothing is asked for any more.
    expect([...(await getting).keys()]).toEqual(['1.2.1.1']);
    expect(await readdir(join(folder, 'series'))).toEqual(['1.2.1.1.dcm']);
  });

  it('writes no more than allowed, and nothing outside its folder', async () => {
    listed();
    const client = await scripted();
    script.get = (scp) => send(scp, '1.2.1.1', 11_000);
    const getting = () => client.retrieveSeries(SERIES, join(folder, 'series'));
    await expect(getting()).rejects.toMatchObject(code('too-large'));
    expect(await readdir(join(folder, 'series'))).toEqual([]);
    script.get = (scp) => send(scp, '../../1', 100);
    await expect(getting()).rejects.toMatchObject(code('malformed-answer'));
    expect(await readdir(folder)).toEqual(['series']);
  });

  it('of which a part could not be sent says how much', async () => {
    listed();
    const client = await scripted();
    for (const status of [0xb000, 0xa702]) {
      script.getStatus = status;
      await expect(client.retrieveSeries(SERIES, join(folder, 'series'))).rejects.toMatchObject({
        ...code('not-sent'),
        message: expect.stringContaining('2 of the objects'),
      });
    }
  });
});

it('sends nothing that is no DICOM file', async () => {
  const path = join(folder, 'note.txt');
  await writeFile(path, 'no scan');
  await expect((await scripted()).storeInstance(path)).rejects.toMatchObject(code('not-storable'));
});
