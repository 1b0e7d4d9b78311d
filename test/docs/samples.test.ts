import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSiteConfig } from '@fedvox/agent';
import { loadConfig } from '@fedvox/base/system';
import { loadCoordinatorConfig } from '@fedvox/coordinator';
import { jobSchema } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOfCommand } from '../support/commands.js';
import { blocksOf, commandsIn, readDocument, sampleOf } from '../support/documents.js';

const OPERATIONS = 'docs/operations/README.md';
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  OPERATIONS,
  'docs/threat-model.md',
  'docs/simulating.md',
  'docs/installing.md',
  'docs/releasing.md',
  'docs/hospital.md',
  'docs/consortium.md',
  'docs/upgrading.md',
  'README.zh.md',
];

let folder: string;
let operations: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-docs-'));
  operations = await readDocument(OPERATIONS);
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, text = sampleOf(operations, name)): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

const sampleJob = async () => loadConfig(await written('job.yaml'), jobSchema, 'job');

describe('the sample files of docs/operations, as they stand', () => {
  it('are a coordinator’s configuration', async () => {
    const config = await loadCoordinatorConfig(await written('coordinator.yaml'));
    expect(config.listen).toMatchObject({ federationPort: 8443, enrollmentPort: 8444 });
  });

  it('are a coordinator’s whose rows lie on a server, and whose bytes in a bucket', async () => {
    const elsewhere = blocksOf(operations).find(({ text }) => text.startsWith('store:'))?.text;
    const whole = `${sampleOf(operations, 'coordinator.yaml')}${elsewhere}`;
    const { store, blobs } = await loadCoordinatorConfig(await written('coordinator.yaml', whole));
    expect(store).toMatch(/^postgres:/);
    expect(blobs).toMatchObject({ bucket: 'northern-lights', encryption: 'aws:kms' });
  });

  it('are a site’s, which maps every class of the sample job', async () => {
    const { data } = await loadSiteConfig(await written('site.yaml'));
    const { classes } = await sampleJob();
    expect(Object.values((data as { labels: object }).labels).sort()).toEqual(classes.slice(1));
  });

  it('are a site’s whose scans come from its archive, by DICOMweb or by DIMSE', async () => {
    const archives = blocksOf(operations)
      .map(({ text }) => text)
      .filter((text) => text.startsWith('data:'));
    const urls = ['https://pacs.example/dicom-web', 'dimses://pacs.example:2762/ORTHANC'];
    for (const [index, archive] of archives.entries()) {
      expect(archive).toContain('kind: pacs');
      const site = sampleOf(operations, 'site.yaml').replace(/^data:\n(?: .*\n)+/m, archive);
      const { pacs } = await loadSiteConfig(await written('archive-site.yaml', site));
      expect(pacs).toMatchObject({ url: urls[index] });
    }
  });

  it('are those of the hospital’s and the consortium’s pages, too', async () => {
    const hospital = sampleOf(await readDocument('docs/hospital.md'), 'site.yaml');
    const { policy } = await loadSiteConfig(await written('hospital.yaml', hospital));
    expect(policy).toMatchObject({ approval: 'ask', minCasesForMetrics: 5 });
    const consortium = sampleOf(await readDocument('docs/consortium.md'), 'coordinator.yaml');
    const { listen } = await loadCoordinatorConfig(await written('consortium.yaml', consortium));
    expect(listen).toMatchObject({ federationPort: 8443, enrollmentPort: 8444, httpPort: 8445 });
  });

  it('are a job’s selection, which the sample job may say too', async () => {
    const [selection] = blocksOf(operations)
      .map(({ text }) => text)
      .filter((text) => text.startsWith('selection:'));
    const job = `${sampleOf(operations, 'job.yaml')}${selection}`;
    const { selection: said } = await loadConfig(await written('own.yaml', job), jobSchema, 'job');
    expect(said).toEqual({ over: 'worst', patience: 5, minGain: 0.002 });
  });

  it('are a job that the sample site takes part in', async () => {
    const job = await sampleJob();
    const { policy } = await loadSiteConfig(await written('site.yaml'));
    expect(policy.allowedJobs).toEqual(['hippocampus*']);
    expect(job.name).toMatch(/^hippocampus/);
  });

  it('are all that there is in YAML', () => {
    const first = (text: string) => text.split('\n')[0]?.split(';')[0];
    const yaml = blocksOf(operations).filter(({ language }) => language === 'yaml');
    expect(yaml.map(({ text }) => first(text))).toEqual([
      '# coordinator.yaml',
      expect.stringMatching(/^store: postgres:/),
      '# site.yaml',
      'data:',
      'data:',
      '# job.yaml',
      'selection:',
    ]);
  });
});

describe('every command that the documents name', () => {
  it.each(DOCUMENTS)('exists, with its options: %s', async (path) => {
    const commands = commandsIn(await readDocument(path));
    const faults = await Promise.all(commands.map(faultsOfCommand));
    expect(faults.flat()).toEqual([]);
  });

  it('are many', async () => {
    expect(commandsIn(await readDocument('README.md')).length).toBeGreaterThan(10);
    expect(commandsIn(operations).length).toBeGreaterThan(10);
  });

  it('is called by npx inside the clone only: guides for hospitals say fedvox', async () => {
    expect(operations).not.toContain('npx fedvox');
    expect(await readDocument('docs/installing.md')).not.toContain('npx');
  });
});
