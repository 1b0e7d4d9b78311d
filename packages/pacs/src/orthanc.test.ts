import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import { loadCase, openDataset, seriesReference, writeDicomSeg } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './dicom-json.js';
import { type DicomWebClient, openDicomWeb } from './dicomweb-client.js';
import { fetchCases } from './fetch-cases.js';
import type { SeriesKey } from './found-series.js';
import { casesFolder } from './mirror-folder.js';
import { pacsSourceSchema } from './source.js';
import { hasOrthanc, Orthanc } from './testing/orthanc.js';
import { REAL_TIME } from './testing/scripted-archive.js';

const dataDir = testDataDir();
const NAMES = ['hippocampus_125', 'hippocampus_001'];
const CLASSES = ['background', 'anterior', 'posterior'];

describe.skipIf(dataDir === undefined || !hasOrthanc())('a real Orthanc', () => {
  const site = join(dataDir ?? '', 'hippocampus-dicom', 'site-a');
  let orthanc: Orthanc;
  let folder: string;
  let client: DicomWebClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-pacs-'));
    orthanc = await Orthanc.start();
    for (const name of NAMES) await orthanc.store(join(site, name));
    client = await openDicomWeb(await source(Orthanc.account), REAL_TIME);
  });
  afterAll(async () => {
    client?.close();
    await orthanc?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function source(account: string) {
    const credentials = join(folder, `credentials-${account.length}`);
    await writeFile(credentials, `basic ${account}\n`, { mode: 0o600 });
    return pacsSourceSchema.parse({ url: orthanc.url, credentials, query: { modality: 'MR' } });
  }

  async function openCases(path: string) {
    const labels = { 'Anterior hippocampus': 'anterior', 'Posterior hippocampus': 'posterior' };
    const { cases, refused } = await openDataset({ kind: 'dicom', path, labels }, CLASSES);
    expect(refused).toEqual([]);
    return cases;
  }

  it('finds the series that a DICOM client stored, by modality and by description', async () => {
    const described = await client.findSeries({ modality: 'MR', seriesDescription: 't1*' });
    expect(described.map(({ modality, instanceCount }) => [modality, instanceCount])).toEqual(
      await Promise.all(described.map(async (series) => ['MR', await slicesIn(series)])),
    );
    expect(described).toHaveLength(NAMES.length);
    expect(await client.findSeries({ modality: 'MR', seriesDescription: 'T2*' })).toEqual([]);
    expect(await client.findSeries({ modality: 'CT' })).toEqual([]);
  });

  async function slicesIn(series: SeriesKey): Promise<number> {
    const metadata = await client.readMetadata(series);
    return metadata.filter((instance) => textOf(instance, '00280010') !== undefined).length;
  }

  it('gives cases whose voxels equal those read from disk', async () => {
    const mirror = join(folder, 'mirror');
    const report = await fetchCases(client, { modality: 'MR' }, mirror);
    expect(report).toMatchObject({ fetched: 2 * NAMES.length, unchanged: 0, refused: [] });
    const fetched = await openCases(casesFolder(mirror));
    const local = (await Promise.all(NAMES.map((name) => openCases(join(site, name))))).flat();
    expect(fetched).toHaveLength(NAMES.length);
    const caseById = new Map(local.map((ref) => [ref.caseId, ref]));
    for (const ref of fetched) {
      const same = caseById.get(ref.caseId);
      expect(await loadCase(ref, CLASSES)).toEqual(same && (await loadCase(same, CLASSES)));
    }
  });

  it('fetches only what changed, and removes what the query no longer gives', async () => {
    const mirror = join(folder, 'mirror-again');
    await fetchCases(client, { modality: 'MR' }, mirror);
    const unchanged = await fetchCases(client, { modality: 'MR' }, mirror);
    expect(unchanged).toMatchObject({ fetched: 0, unchanged: 2 * NAMES.length, removed: 0 });
    const images = { modality: 'MR', labelDescription: 'by nobody' };
    expect(await fetchCases(client, images, mirror)).toMatchObject({ removed: NAMES.length });
  });

  it('takes a segmentation back, and finds and reads it again', async () => {
    const mirror = join(folder, 'mirror-before');
    await fetchCases(client, { modality: 'MR' }, mirror);
    const [ref] = await openCases(casesFolder(mirror));
    const { label } = await loadCase(ref!, CLASSES);
    const reference = await seriesReference(ref!);
    const path = join(folder, 'prediction.dcm');
    const segments = CLASSES.slice(1).map((name, index) => ({ value: index + 1, label: name }));
    await writeDicomSeg(path, label!, segments, reference, {
      identity: 'prediction',
      createdAt: new Date(0),
      seriesDescription: 'Fedvox prediction',
    });

    await client.storeInstance(path);
    await client.storeInstance(path);

    const query = { modality: 'MR', labelDescription: 'Fedvox prediction' };
    const back = join(folder, 'mirror-back');
    await fetchCases(client, query, back);
    const labels = { anterior: 'anterior', posterior: 'posterior' };
    const spec = { kind: 'dicom', path: casesFolder(back), labels } as const;
    expect((await openDataset(spec, CLASSES)).refused.map(({ code }) => code)).toContain(
      'imaging/own-prediction',
    );
    const wanted = { ...spec, predictions: 'use' } as const;
    const { cases } = await openDataset(wanted, CLASSES);
    expect(cases).toHaveLength(1);
    expect((await loadCase(cases[0]!, CLASSES)).label).toEqual(label);
  });

  it('refuses a wrong password by name', async () => {
    const stranger = await openDicomWeb(await source('north:wrong'), REAL_TIME);
    await expect(stranger.findSeries({ modality: 'MR' })).rejects.toMatchObject({
      code: 'pacs/unauthorised',
    });
    stranger.close();
  });
});
