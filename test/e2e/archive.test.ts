import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { stateFolder } from '@fedvox/agent';
import type { JobDetails } from '@fedvox/coordinator';
import { casesFolder } from '@fedvox/pacs';
import { type LocalFederation, phantomSchema, writeHospital } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasOrthanc, Orthanc, SITE_TITLE } from '../../packages/pacs/src/testing/orthanc.js';
import { fedvox, lastLine } from './fedvox-command.js';
import { foundTinyFederation, removeFederation, tinyJob, untilJob } from './tiny-federation.js';

const SITE = 'north';
const BY_DIMSE = 'south';
const PATIENTS = 6;
const SEGMENTATION_STORAGE = '1.2.840.10008.5.1.4.1.1.66.4';
const PHANTOM = phantomSchema.parse({
  kind: 'phantom',
  cases: PATIENTS,
  scanner: { spacingMm: [6, 6, 6] },
});

/** Two hospitals read an archive that a DICOM client filled: one by DICOMweb, the other by DIMSE. */
describe.skipIf(!hasOrthanc())('a hospital whose scans are in an Orthanc', () => {
  let folder: string;
  let orthanc: Orthanc;
  let federation: LocalFederation;
  let job: JobDetails;
  let config: string;
  let byDimse: string;
  let model: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-archive-'));
    orthanc = await Orthanc.start();
    await writeHospital(join(folder, 'scanner'), SITE, PHANTOM, 5);
    await orthanc.store(join(folder, 'scanner'));
    federation = await foundTinyFederation();
    config = federation.folders.site(SITE).config;
    await readFromArchive(config, { url: orthanc.url, credentials: await credentials() });
    byDimse = federation.folders.site(BY_DIMSE).config;
    await readFromArchive(byDimse, { url: orthanc.dimseUrl, aeTitle: SITE_TITLE });
    for (const name of [SITE, BY_DIMSE]) {
      await federation.enroll(name);
      await federation.startAgent(name);
    }
    model = join(folder, 'best.safetensors');
    const client = await federation.client();
    try {
      const id = await federation.submit(tinyJob(1));
      job = await untilJob(client, id, ({ status }) => status !== 'running');
      if (job.best !== null) await client.getBlob(job.best.sha256, model);
    } finally {
      client.close();
    }
    await federation.stop();
  }, 240_000);

  afterAll(async () => {
    if (federation !== undefined) await removeFederation(federation);
    await orthanc?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function credentials(): Promise<string> {
    const path = join(folder, 'credentials');
    await writeFile(path, `basic ${Orthanc.account}\n`, { mode: 0o600 });
    return path;
  }

  /** Rewrites a site's configuration so that its scans come from the archive. */
  async function readFromArchive(path: string, source: object): Promise<void> {
    const site = JSON.parse(await readFile(path, 'utf8'));
    const data = { kind: 'pacs', ...source, query: { modality: 'MR' } };
    await writeFile(path, JSON.stringify({ ...site, data }));
  }

  const mirrored = (site = SITE) =>
    casesFolder(stateFolder(federation.folders.site(site).state).pacs);

  /** Of the first series; made once. */
  async function onePrediction(): Promise<string> {
    const prediction = join(folder, 'prediction.dcm');
    if (existsSync(prediction)) return prediction;
    const { scans } = lastLine(await fedvox('data', 'inspect', mirrored(), '--json')) as {
      scans: { what: string; modality: string }[];
    };
    const [folderOfSeries = ''] = scans[0]!.what.split(' (');
    const series = join(mirrored(), folderOfSeries);
    const files = ['--model', model, '--job', federation.folders.job];
    const where = ['--input', series, '--output', prediction];
    const result = await fedvox('model', 'predict', ...files, ...where);
    expect(result.exitCode, result.stderr).toBe(0);
    return prediction;
  }

  it('finds and reads every case, and trains a round on them', async () => {
    expect(job.status).toBe('completed');
    for (const site of [SITE, BY_DIMSE]) {
      expect(await readdir(mirrored(site))).toHaveLength(PATIENTS); // a folder a study
    }
    const [round] = job.rounds;
    expect(round?.sites.map(({ site }) => site).sort()).toEqual([SITE, BY_DIMSE]);
  });

  it('gets a prediction back as a DICOM SEG, which is then no label', async () => {
    const prediction = await onePrediction();
    const stored = await fedvox('data', 'store', prediction, '--config', config, '--json');
    expect(stored.exitCode, stored.stderr).toBe(0);
    const { sopInstanceUid } = lastLine(stored) as { sopInstanceUid: string };
    expect(await findInstance(sopInstanceUid)).toMatchObject([
      { '00080016': { Value: [SEGMENTATION_STORAGE] }, '00080060': { Value: ['SEG'] } },
    ]);

    const fetched = await fedvox('data', 'fetch', '--config', config, '--json');
    expect(lastLine(fetched)).toMatchObject({ fetched: 1, unchanged: 2 * PATIENTS, refused: [] });
    const inspected = lastLine(
      await fedvox('data', 'inspect', mirrored(), '--job', federation.folders.job, '--json'),
    ) as { scans: { usable: boolean }[]; refused: { code: string }[] };
    expect(inspected.scans.filter(({ usable }) => usable)).toHaveLength(PATIENTS);
    expect(inspected.refused.map(({ code }) => code)).toEqual(['imaging/own-prediction']);
  });

  it('gets one back by DIMSE too', async () => {
    const stored = await fedvox(
      'data',
      'store',
      await onePrediction(),
      '--config',
      byDimse,
      '--json',
    );
    expect(stored.exitCode, stored.stderr).toBe(0);
    const { sopInstanceUid } = lastLine(stored) as { sopInstanceUid: string };
    expect(await findInstance(sopInstanceUid)).toHaveLength(1);
    const fetched = await fedvox('data', 'fetch', '--config', byDimse, '--json');
    expect(lastLine(fetched)).toMatchObject({ fetched: 1, unchanged: 2 * PATIENTS, refused: [] });
    const files = await readdir(mirrored(BY_DIMSE), { recursive: true });
    expect(files.map((file) => basename(file))).toContain(`${sopInstanceUid}.dcm`);
  }, 120_000);

  it('is checked by DIMSE: what matches, and a title that the archive does not know', async () => {
    const checked = await fedvox('agent', 'check', '--config', byDimse);
    const { host } = new URL(orthanc.dimseUrl);
    expect(checked.stdout).toContain(`${PATIENTS} series in the PACS at ${host} match the query`);
    await readFromArchive(byDimse, { url: orthanc.dimseUrl, aeTitle: 'NOBODY' });
    const unknown = await fedvox('agent', 'check', '--config', byDimse);
    expect(unknown.stdout).toContain('the AE title NOBODY');
  }, 120_000);

  /** Asks the archive itself, not through our client. */
  async function findInstance(sopInstanceUid: string): Promise<unknown> {
    const authorization = `Basic ${Buffer.from(Orthanc.account).toString('base64')}`;
    const query = `SOPInstanceUID=${sopInstanceUid}&includefield=00080016&includefield=00080060`;
    const headers = { authorization, accept: 'application/dicom+json' };
    return (await fetch(`${orthanc.url}/instances?${query}`, { headers })).json();
  }
});
