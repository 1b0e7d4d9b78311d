import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import { loadCase, openDataset, seriesReference, writeDicomSeg } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Archive } from '../archive.js';
import { fetchCases } from '../fetch-cases.js';
import { casesFolder } from '../mirror-folder.js';
import { openArchive } from '../open-archive.js';
import { pacsSourceSchema } from '../source.js';
import { CuttingProxy } from '../testing/cutting-proxy.js';
import { Dcmqrscp, hasDcmtk } from '../testing/dcmqrscp.js';
import { hasOrthanc, Orthanc } from '../testing/orthanc.js';
import { FAST_RETRIES, FAST_RETRYING } from '../testing/scripted-archive.js';

const dataDir = testDataDir();
const NAMES = ['hippocampus_125', 'hippocampus_001'];
const CLASSES = ['background', 'anterior', 'posterior'];
const QUERY = { modality: 'MR' };
/** More than an association costs, less than a series of images takes. */
const SOME_SLICES_BYTES = 60_000;

const ARCHIVES = [
  { name: 'Orthanc', isHere: hasOrthanc(), start: () => Orthanc.start() },
  { name: 'dcmqrscp', isHere: hasDcmtk(), start: () => Dcmqrscp.start() },
];

for (const { name, isHere, start } of ARCHIVES) {
  describe.skipIf(dataDir === undefined || !isHere)(`${name}, asked by DIMSE`, () => {
    const site = join(dataDir ?? '', 'hippocampus-dicom', 'site-a');
    let folder: string;
    let mirror: string;
    let archive: Orthanc | Dcmqrscp;
    let client: Archive;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fedvox-dimse-'));
      mirror = join(folder, 'mirror');
      archive = await start();
      for (const each of NAMES) await archive.store(join(site, each));
      client = await clientOf(archive.dimseUrl);
    }, 60_000);
    afterAll(async () => {
      client?.close();
      await archive?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    function clientOf(url: string): Promise<Archive> {
      return openArchive(pacsSourceSchema.parse({ url, query: QUERY }), FAST_RETRYING);
    }

    const portOf = ({ dimseUrl }: { dimseUrl: string }) => Number(new URL(dimseUrl).port);
    const throughProxy = (proxy: CuttingProxy) =>
      archive.dimseUrl.replace(/:\d+\//, `:${proxy.port}/`);

    async function openCases(path: string) {
      const labels = { 'Anterior hippocampus': 'anterior', 'Posterior hippocampus': 'posterior' };
      const { cases, refused } = await openDataset({ kind: 'dicom', path, labels }, CLASSES);
      expect(refused).toEqual([]);
      return cases;
    }

    it('answers an echo, and finds what a DICOM client stored', async () => {
      await client.echo();
      const found = await client.findSeries(QUERY);
      expect(found.map(({ modality }) => modality)).toEqual(NAMES.map(() => 'MR'));
      const [series] = found;
      const { studyUid } = series!;
      expect(await client.findSeries(QUERY, { studyUid })).toEqual([series]);
      expect(await client.findSeries({ modality: 'CT' })).toEqual([]);
      expect(await client.findSeries({ ...QUERY, studyDate: '19000101-19010101' })).toEqual([]);
      await expect(client.findSeries(QUERY, { limit: 1 })).rejects.toMatchObject({
        code: 'pacs/too-large',
      });
    });

    it('keeps what was whole when a fetch broke off, and goes on from there', async () => {
      const proxy = await CuttingProxy.start(portOf(archive));
      try {
        const broken = await clientOf(throughProxy(proxy));
        // One study of two is read with its labels; then nothing comes through any more.
        const onProgress = (done: number) => {
          if (done === 1) proxy.budgets.push(...Array(FAST_RETRIES.maxAttempts).fill(0));
        };
        const fetching = fetchCases(broken, QUERY, mirror, { onProgress });
        await expect(fetching).rejects.toMatchObject({ code: 'pacs/no-association' });
        const rest = await fetchCases(broken, QUERY, mirror);
        expect(rest).toMatchObject({ fetched: 2, unchanged: 2, refused: [] });
      } finally {
        await proxy.stop();
      }
    }, 60_000);

    it('gives cases whose voxels equal those read from disk, once', async () => {
      await fetchCases(client, QUERY, mirror);
      const again = await fetchCases(client, QUERY, mirror);
      expect(again).toMatchObject({ fetched: 0, unchanged: 2 * NAMES.length, removed: 0 });
      const fetched = await openCases(casesFolder(mirror));
      const local = (await Promise.all(NAMES.map((each) => openCases(join(site, each))))).flat();
      expect(fetched).toHaveLength(NAMES.length);
      const caseById = new Map(local.map((ref) => [ref.caseId, ref]));
      for (const ref of fetched) {
        const same = caseById.get(ref.caseId);
        expect(await loadCase(ref, CLASSES)).toEqual(same && (await loadCase(same, CLASSES)));
      }
    }, 60_000);

    it('is not asked again for the slices that came before the connection broke', async () => {
      const [series] = await client.findSeries(QUERY);
      const listed = await client.findInstances(series!);
      const proxy = await CuttingProxy.start(portOf(archive));
      try {
        // The list comes through, then twice only a part of the series.
        proxy.budgets.push(Number.POSITIVE_INFINITY, SOME_SLICES_BYTES, SOME_SLICES_BYTES);
        const cut = join(folder, 'cut');
        const resumed = await (await clientOf(throughProxy(proxy))).retrieveSeries(series!, cut);
        expect([...resumed.keys()].sort()).toEqual(listed);
        expect((await readdir(cut)).sort()).toEqual(listed.map((uid) => `${uid}.dcm`));
        expect(proxy.connections).toBe(4);
        const allBytes = [...resumed.values()].reduce((sum, each) => sum + each, 0);
        expect(allBytes).toBeGreaterThan(2 * SOME_SLICES_BYTES);
        // What was cut off in the middle, lists and commands come on top; a second copy does not.
        expect(proxy.passedBytes).toBeLessThan(1.5 * allBytes);
      } finally {
        await proxy.stop();
      }
    }, 60_000);

    it('takes a segmentation back by C-STORE, and gives it again', async () => {
      await fetchCases(client, QUERY, mirror);
      const [ref] = await openCases(casesFolder(mirror));
      const { label } = await loadCase(ref!, CLASSES);
      const path = join(folder, 'prediction.dcm');
      const segments = CLASSES.slice(1).map((each, index) => ({ value: index + 1, label: each }));
      await writeDicomSeg(path, label!, segments, await seriesReference(ref!), {
        identity: 'prediction',
        createdAt: new Date(0),
        seriesDescription: 'Fedvox prediction',
      });

      const uid = await client.storeInstance(path);
      expect(await client.storeInstance(path)).toBe(uid);

      expect(await fetchCases(client, QUERY, mirror)).toMatchObject({ fetched: 1, refused: [] });
      const labels = { anterior: 'anterior', posterior: 'posterior' };
      const spec = { kind: 'dicom', path: casesFolder(mirror), labels } as const;
      expect((await openDataset(spec, CLASSES)).refused.map(({ code }) => code)).toContain(
        'imaging/own-prediction',
      );
      const { cases } = await openDataset({ ...spec, predictions: 'use' }, CLASSES);
      const loaded = await Promise.all(cases.map((each) => loadCase(each, CLASSES)));
      expect(loaded.map((each) => each.label)).toContainEqual(label);
    }, 60_000);

    it('is named where it does not go by the title given', async () => {
      const url = archive.dimseUrl.replace(/\/\w+$/, '/ANOTHER');
      await expect((await clientOf(url)).echo()).rejects.toMatchObject({
        code: 'pacs/called-ae-refused',
        message: expect.stringContaining('ANOTHER'),
      });
    });
  });
}
