import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDicomWeb } from './dicomweb-client.js';
import { DEFAULT_RETRIEVE_LIMITS } from './retrieve.js';
import { pacsSourceSchema } from './source.js';
import {
  FAST_RETRIES,
  type Handler,
  MULTIPART_TYPE,
  multipart,
  part10,
  REAL_TIME,
  ScriptedArchive,
} from './testing/scripted-archive.js';

const SERIES = { studyUid: '1.2', seriesUid: '1.2.3' };
let folder: string;
let archive: ScriptedArchive | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-client-'));
});
afterEach(async () => {
  await archive?.stop();
  archive = undefined;
  await rm(folder, { recursive: true });
});

async function clientOf(handler: Handler, ...options: Parameters<ScriptedArchive['client']>) {
  archive = await ScriptedArchive.start(handler);
  return archive.client(...options);
}

const answer =
  (body: Buffer | string, contentType: string, status = 200): Handler =>
  (_, response) =>
    response.writeHead(status, { 'content-type': contentType }).end(body);

describe('an answer that is no answer', () => {
  it.each([
    [301, 'pacs/redirected', 1],
    [400, 'pacs/request-refused', 1],
    [401, 'pacs/unauthorised', 1],
    [404, 'pacs/not-found', 1],
    [503, 'pacs/unavailable', FAST_RETRIES.maxAttempts],
  ])('of status %i is %s', async (status, code, requests) => {
    const client = await clientOf(answer('Doe^John', 'text/plain', status));
    const searching = client.findSeries({ modality: 'MR', patientId: 'SECRET' });
    await expect(searching).rejects.toMatchObject({ code });
    await expect(searching).rejects.not.toThrow(/SECRET|Doe/);
    expect(archive?.asked).toHaveLength(requests);
  });

  it('is refused where it is a login page', async () => {
    const client = await clientOf(answer('<html>', 'text/html'));
    await expect(client.findSeries({ modality: 'MR' })).rejects.toMatchObject({
      code: 'pacs/wrong-content-type',
    });
    await expect(client.retrieveSeries(SERIES, join(folder, 'a'))).rejects.toMatchObject({
      code: 'pacs/wrong-content-type',
    });
  });

  it.each([
    '{',
    '{"a": 1}',
    '[1]',
    '[{"0020000E": {"Value": ["../../etc"]}, "00080060": {"Value": ["MR"]}}]',
  ])('is refused where it is %s', async (text) => {
    const client = await clientOf(answer(text, 'application/dicom+json'));
    await expect(client.findSeries({ modality: 'MR' })).rejects.toMatchObject({
      code: 'pacs/malformed-answer',
    });
  });

  it('is given up where the line goes silent', async () => {
    const silent: Handler = (_, response) => {
      response.writeHead(200, { 'content-type': MULTIPART_TYPE }).write('\r\n');
    };
    const limits = { idleTimeoutMs: 50, totalTimeoutMs: 10_000 };
    const client = await clientOf(silent, {}, { limits });
    await expect(client.retrieveSeries(SERIES, join(folder, 'a'))).rejects.toMatchObject({
      code: 'pacs/unresponsive',
    });
  });

  it('is given up where it trickles for ever, and when nobody wants it any more', async () => {
    const trickle: Handler = (_, response) => {
      response.writeHead(200, { 'content-type': MULTIPART_TYPE });
      const timer = setInterval(() => response.write('\r\n'), 5);
      response.once('close', () => clearInterval(timer));
    };
    const limits = { idleTimeoutMs: 10_000, totalTimeoutMs: 100 };
    const client = await clientOf(trickle, {}, { limits });
    const path = join(folder, 'a');
    await expect(client.retrieveSeries(SERIES, path)).rejects.toMatchObject({
      code: 'pacs/unresponsive',
    });
    const abort = AbortSignal.timeout(20);
    await expect(client.retrieveSeries(SERIES, path, abort)).rejects.toThrow(
      /aborted due to timeout/,
    );
  });

  it('is named where there is no TLS behind an https address', async () => {
    archive = await ScriptedArchive.start(answer('[]', 'application/dicom+json'));
    const client = archive.client({}, { url: archive.url.replace('http:', 'https:') });
    await expect(client.findSeries({ modality: 'MR' })).rejects.toMatchObject({
      code: 'pacs/tls',
    });
  });

  it('is named where there is nobody', async () => {
    const client = await clientOf(answer('[]', 'application/dicom+json'));
    await archive?.stop();
    await expect(client.findSeries({ modality: 'MR' })).rejects.toMatchObject({
      code: 'pacs/unreachable',
    });
    archive = undefined;
  });
});

describe('a search', () => {
  const series = (uid: string, description: string) => ({
    '0020000D': { vr: 'UI', Value: ['1.2'] },
    '0020000E': { vr: 'UI', Value: [uid] },
    '00080060': { vr: 'CS', Value: ['MR'] },
    '0008103E': { vr: 'LO', Value: [description] },
  });

  it('ends at an archive that knows no pages, and checks what the archive ignored', async () => {
    const all = [series('1.2.9', 'T1 axial'), series('1.2.3', 'T2'), series('1.2.4', 't1')];
    const client = await clientOf(answer(JSON.stringify(all), 'application/dicom+json'));
    const found = await client.findSeries({ modality: 'MR', seriesDescription: 'T1*' });
    expect(found.map(({ seriesUid }) => seriesUid)).toEqual(['1.2.4', '1.2.9']);
  });

  it('goes on past pages that the archive cuts short', async () => {
    const client = await clientOf((request, response) => {
      const offset = Number(new URL(request.url ?? '', 'http://a').searchParams.get('offset'));
      const page = offset < 5 ? [series(`1.2.${offset + 1}`, 'T1')] : [];
      response.setHeader('content-type', 'application/dicom+json').end(JSON.stringify(page));
    });
    expect(await client.findSeries({ modality: 'MR' })).toHaveLength(5);
    await expect(client.findSeries({ modality: 'MR' }, { limit: 4 })).rejects.toMatchObject({
      code: 'pacs/too-large',
    });
  });
});

describe('a series that is fetched', () => {
  it('becomes one file an instance, under the name that the instance has', async () => {
    const parts = [part10('1.2.3.4', 'one'), part10('1.2.3.51', 'two')];
    const client = await clientOf(answer(multipart(parts), MULTIPART_TYPE));
    const path = join(folder, 'a');
    const saved = await client.retrieveSeries(SERIES, path);
    expect([...saved]).toEqual([
      ['1.2.3.4', parts[0]?.length],
      ['1.2.3.51', parts[1]?.length],
    ]);
    expect((await readdir(path)).sort()).toEqual(['1.2.3.4.dcm', '1.2.3.51.dcm']);
  });

  it('is tried again where it broke off, from a clean folder', async () => {
    const whole = multipart([part10('1.2.3.4'), part10('1.2.3.5')]);
    let requests = 0;
    const client = await clientOf((_, response) => {
      response.writeHead(200, { 'content-type': MULTIPART_TYPE, 'content-length': whole.length });
      if (++requests === 2) response.end(whole);
      else response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
    });
    const path = join(folder, 'a');
    await client.retrieveSeries(SERIES, path);
    expect((await readdir(path)).sort()).toEqual(['1.2.3.4.dcm', '1.2.3.5.dcm']);
  });

  it.each([
    ['holds what is no DICOM', multipart([Buffer.from('hello')])],
    ['names an instance by a path', multipart([part10('../../1')])],
    ['sends an instance twice', multipart([part10('1.2'), part10('1.2')])],
    ['has an empty part', multipart([Buffer.alloc(0)])],
  ])('is refused where it %s', async (_, body) => {
    const client = await clientOf(answer(body, MULTIPART_TYPE));
    await expect(client.retrieveSeries(SERIES, join(folder, 'a'))).rejects.toMatchObject({
      code: 'pacs/malformed-answer',
    });
    expect((await readdir(folder)).sort()).toEqual(['a']);
  });

  it('is refused where it is larger than it may be', async () => {
    const retrieveLimits = { ...DEFAULT_RETRIEVE_LIMITS, maxParts: 1 };
    const body = multipart([part10('1.2'), part10('1.3')]);
    const client = await clientOf(answer(body, MULTIPART_TYPE), { retrieveLimits });
    await expect(client.retrieveSeries(SERIES, join(folder, 'a'))).rejects.toMatchObject({
      code: 'pacs/too-large',
      message: expect.stringContaining('1 parts'),
    });
  });
});

describe('a file that is stored', () => {
  const stored = (uid: string, failed: object[] = []) =>
    JSON.stringify({
      '00081198': { vr: 'SQ', Value: failed },
      '00081199': { vr: 'SQ', Value: [{ '00081155': { vr: 'UI', Value: [uid] } }] },
    });

  it('is held only when the archive says so', async () => {
    const path = join(folder, 'seg.dcm');
    await writeFile(path, part10('1.2.3'));
    const json = 'application/dicom+json';
    let text = stored('1.2.3');
    const client = await clientOf((request, response) => {
      request.resume().once('end', () => answer(text, json)(request, response));
    });
    expect(await client.storeInstance(path)).toBe('1.2.3');
    text = stored('1.2.4');
    await expect(client.storeInstance(path)).rejects.toMatchObject({ code: 'pacs/not-stored' });
    text = stored('1.2.3', [{ '00081197': { vr: 'US', Value: [272] } }]);
    await expect(client.storeInstance(path)).rejects.toThrow(/reason 272/);
  });

  it('must be DICOM', async () => {
    const client = await clientOf(answer('{}', 'application/dicom+json'));
    for (const path of [join(folder, 'none.dcm'), import.meta.filename]) {
      await expect(client.storeInstance(path)).rejects.toMatchObject({ code: 'pacs/not-storable' });
    }
    expect(archive?.asked).toEqual([]);
  });
});

describe('credentials', () => {
  const open = async (text: string, mode: number, url: string) => {
    const credentials = join(folder, 'credentials');
    await writeFile(credentials, text);
    await chmod(credentials, mode);
    return openDicomWeb(
      pacsSourceSchema.parse({ url, credentials, query: { modality: 'MR' } }),
      REAL_TIME,
    );
  };

  it.each([
    ['basic me:secret\n', 'Basic bWU6c2VjcmV0'],
    ['bearer abc.def==', 'Bearer abc.def=='],
  ])('of a file go with each request', async (text, header) => {
    const seen: unknown[] = [];
    archive = await ScriptedArchive.start((request, response) => {
      seen.push(request.headers.authorization);
      answer('[]', 'application/dicom+json')(request, response);
    });
    const client = await open(text, 0o600, archive.url);
    await client.findSeries({ modality: 'MR' });
    client.close();
    expect(seen).toEqual([header]);
  });

  it.each([
    ['basic me:secret', 0o644, 'https://pacs.example', 'pacs/credentials-exposed'],
    ['me:secret', 0o600, 'https://pacs.example', 'pacs/credentials-invalid'],
    ['basic secret', 0o600, 'https://pacs.example', 'pacs/credentials-invalid'],
    ['bearer a secret', 0o600, 'https://pacs.example', 'pacs/credentials-invalid'],
    ['basic me:secret', 0o600, 'http://pacs.example', 'pacs/credentials-in-clear'],
  ])('%s with mode %o for %s are refused, and not repeated', async (text, mode, url, code) => {
    const opening = open(text, mode, url);
    await expect(opening).rejects.toMatchObject({ code });
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});
