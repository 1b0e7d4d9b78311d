import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchCases } from './fetch-cases.js';
import { casesFolder } from './mirror-folder.js';
import { MULTIPART_TYPE, multipart, part10, ScriptedArchive } from './testing/scripted-archive.js';

const QUERY = { modality: 'MR' };
const STUDY = '1.2';
const OTHER_STUDY = '1.5';

interface Series {
  readonly study: string;
  readonly modality: string;
  readonly instances: string[];
}

/** What the archive holds, by series UID; tests change it as scanners and people do. */
let held: Map<string, Series>;
/** Called when a series is fetched, after its answer was made. */
let onRetrieve: (seriesUid: string) => void;
let archive: ScriptedArchive;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-mirror-'));
  held = new Map([
    ['1.2.1', { study: STUDY, modality: 'MR', instances: ['1.2.1.1', '1.2.1.2'] }],
    ['1.2.2', { study: STUDY, modality: 'SEG', instances: ['1.2.2.1'] }],
    ['1.5.1', { study: OTHER_STUDY, modality: 'MR', instances: ['1.5.1.1'] }],
  ]);
  onRetrieve = () => undefined;
  archive = await ScriptedArchive.start(({ url = '' }, response) => answer(url, response));
});
afterEach(async () => {
  await archive.stop();
  await rm(folder, { recursive: true });
});

/** A small honest archive: all at once, whatever page is asked for. */
function answer(url: string, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://archive');
  const [, , , study, , uid, list] = pathname
    .replace('/dicom-web/series', '/dicom-web///')
    .split('/');
  const json = (rows: object[]) =>
    response.setHeader('content-type', 'application/dicom+json').end(JSON.stringify(rows));
  const value = (vr: string, text: string) => ({ vr, Value: [text] });
  const series = held.get(uid ?? '');
  if (uid && series === undefined) {
    response.writeHead(404).end();
  } else if (list === 'instances') {
    json((series?.instances ?? []).map((sop) => ({ '00080018': value('UI', sop) })));
  } else if (uid && series) {
    response.setHeader('content-type', MULTIPART_TYPE);
    response.end(multipart(series.instances.map((sop) => part10(sop))));
    onRetrieve(uid);
  } else {
    const wanted = searchParams.get('00080060');
    const found = [...held].filter(
      ([, { study: of, modality }]) => modality === wanted && (!study || of === study),
    );
    json(
      found.map(([seriesUid, { study: of, modality }]) => ({
        '0020000D': value('UI', of),
        '0020000E': value('UI', seriesUid),
        '00080060': value('CS', modality),
      })),
    );
  }
}

const fetchAll = () => fetchCases(archive.client(), QUERY, folder);
const files = async () =>
  ((await readdir(casesFolder(folder), { recursive: true })) as string[])
    .filter((path) => path.endsWith('.dcm'))
    .sort();

const ALL = [
  '1.2/1.2.1/1.2.1.1.dcm',
  '1.2/1.2.1/1.2.1.2.dcm',
  '1.2/1.2.2/1.2.2.1.dcm',
  '1.5/1.5.1/1.5.1.1.dcm',
];

describe('a mirror of the archive', () => {
  it('holds what matches and what labels it, and nothing is fetched twice', async () => {
    expect(await fetchAll()).toMatchObject({ fetched: 3, unchanged: 0, removed: 0, refused: [] });
    expect(await files()).toEqual(ALL);
    expect(await fetchAll()).toMatchObject({ fetched: 0, unchanged: 3 });
  });

  it('fetches a series again that grew, or whose files were damaged here', async () => {
    await fetchAll();
    held.get('1.2.1')?.instances.push('1.2.1.3');
    await truncate(join(casesFolder(folder), '1.5', '1.5.1', '1.5.1.1.dcm'), 10);
    expect(await fetchAll()).toMatchObject({ fetched: 2, unchanged: 1 });
    expect(await files()).toContain('1.2/1.2.1/1.2.1.3.dcm');
  });

  it('lets go of a series that left the archive', async () => {
    await fetchAll();
    held.delete('1.5.1');
    expect(await fetchAll()).toMatchObject({ removed: 1 });
    expect(await files()).toEqual(ALL.slice(0, 3));
  });

  it('reads a study again that changed while it was read', async () => {
    onRetrieve = (uid) => {
      onRetrieve = () => undefined;
      held.get(uid)?.instances.push('1.2.1.3');
    };
    expect(await fetchAll()).toMatchObject({ refused: [] });
    expect(await files()).toContain('1.2/1.2.1/1.2.1.3.dcm');
  });

  it('takes along a segmentation that was stored while its study was read', async () => {
    held.delete('1.2.2');
    onRetrieve = () => {
      held.set('1.2.2', { study: STUDY, modality: 'SEG', instances: ['1.2.2.1'] });
    };
    await fetchAll();
    expect(await files()).toEqual(ALL);
  });

  it('leaves out a study that never stands still, and takes the others', async () => {
    let count = 0;
    onRetrieve = (uid) => {
      if (uid === '1.2.1') held.get(uid)?.instances.push(`1.2.1.9.${++count}`);
    };
    const { refused } = await fetchAll();
    expect(refused).toMatchObject([{ studyUid: STUDY, code: 'pacs/study-changed' }]);
    expect(await files()).toEqual(ALL.slice(3));
  });

  it('goes on where a fetch was cut off', async () => {
    const abort = new AbortController();
    onRetrieve = () => abort.abort(new Error('cut off'));
    const options = { signal: abort.signal };
    await expect(fetchCases(archive.client(), QUERY, folder, options)).rejects.toThrow('cut off');
    onRetrieve = () => undefined;
    await fetchAll();
    expect(await files()).toEqual(ALL);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('keeps what it has where the archive suddenly knows nothing', async () => {
    await fetchAll();
    held.clear();
    await expect(fetchAll()).rejects.toMatchObject({ code: 'pacs/nothing-found' });
    expect(await files()).toEqual(ALL);
  });
});
