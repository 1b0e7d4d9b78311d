import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSiteConfig, siteConfigSchema } from './config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml: string) {
  const path = join(folder, 'site.yaml');
  writeFileSync(path, yaml);
  return loadSiteConfig(path);
}

describe('site.yaml', () => {
  it('reads paths relative to itself, and fills in what it leaves out', async () => {
    const config = await load('site: north\nstateDir: state\ndata: {kind: dicom, path: ../pacs}\n');
    expect(config).toMatchObject({
      site: 'north',
      stateDir: join(folder, 'state'),
      data: { kind: 'dicom', path: join(folder, '..', 'pacs') },
      engine: 'auto',
      device: 'auto',
      precision: 'auto',
      policy: { minCasesForMetrics: 5, weightSource: 'examples' },
    });
  });

  it('says where and in what to compute, in words that the engine knows', async () => {
    const site = 'site: north\nstateDir: state\ndata: {kind: msd, path: data}\n';
    const { device, precision } = await load(`${site}device: cuda:1\nprecision: bfloat16\n`);
    expect([device, precision]).toEqual(['cuda:1', 'bfloat16']);
    await expect(load(`${site}device: gpu\n`)).rejects.toThrow(/line 4: device.*"cuda:1"/s);
    await expect(load(`${site}precision: half\n`)).rejects.toThrow(/line 4: precision/);
  });

  it('lets the console listen beyond this machine over TLS alone, for people who sign in', async () => {
    const site = 'site: north\nstateDir: state\ndata: {kind: msd, path: data}\n';
    const files = 'tls: {certificate: c.pem, key: c.key}';
    expect((await load(`${site}console: {listen: "0.0.0.0:8600", ${files}}\n`)).console).toEqual({
      ...{ host: '0.0.0.0', port: 8600 },
      network: {
        tls: { certificate: join(folder, 'c.pem'), key: join(folder, 'c.key') },
        people: join(folder, 'state', 'people.json'),
      },
    });
    expect((await load(`${site}console: {listen: "127.0.0.1:8600"}\n`)).console).toEqual({
      ...{ host: '127.0.0.1', port: 8600 },
    });
    expect((await load(site)).console).toBeUndefined();
    await expect(load(`${site}console: {listen: "0.0.0.0:8600"}\n`)).rejects.toThrow(
      /line 4: console\.listen: without `tls` the console listens on 127\.0\.0\.1 alone/,
    );
    const people = `${site}console: {listen: "127.0.0.1:8600", people: p.json}\n`;
    await expect(load(people)).rejects.toThrow(/nobody signs in without `tls`/);
  });

  it('leaves absolute paths alone', async () => {
    const config = await load(
      'site: north\nstateDir: /var/fedvox\ndata: {kind: msd, path: /data}\n',
    );
    expect([config.stateDir, config.data.path]).toEqual(['/var/fedvox', '/data']);
  });

  it('trains on a folder of its state where the data are in an archive', async () => {
    const yaml = [
      'site: north',
      'stateDir: state',
      'data:',
      '  kind: pacs',
      '  url: https://pacs.example/dicom-web',
      '  credentials: pacs.credentials',
      '  query: {modality: MR, seriesDescription: T1*}',
      '  labels: {Left: left}',
      '  predictions: use',
      '  volume: {EchoTime: 80}',
      '  contourGaps: fill',
    ].join('\n');
    expect(await load(yaml)).toMatchObject({
      data: {
        kind: 'dicom',
        path: join(folder, 'state', 'pacs', 'cases'),
        labels: { Left: 'left' },
        gantryTilt: 'refuse',
        predictions: 'use',
        volume: { EchoTime: 80 },
        contourGaps: 'fill',
        missingRescale: 'refuse',
      },
      pacs: {
        url: 'https://pacs.example/dicom-web',
        credentials: join(folder, 'pacs.credentials'),
        query: { modality: 'MR', seriesDescription: 'T1*' },
      },
    });
  });

  it('finds the list of its cases’ classes beside itself, of a folder and of an archive', async () => {
    const head = 'site: north\nstateDir: state\n';
    const list = 'caseClasses: {file: lists/classes.csv}';
    const caseClasses = { file: join(folder, 'lists', 'classes.csv') };
    const ofFolder = await load(`${head}data: {kind: msd, path: scans, ${list}}`);
    expect(ofFolder.data).toMatchObject({ path: join(folder, 'scans'), caseClasses });
    const archive = `url: https://pacs.example/, query: {modality: MR}`;
    const ofArchive = await load(`${head}data: {kind: pacs, ${archive}, ${list}}`);
    expect(ofArchive.data).toMatchObject({ kind: 'dicom', caseClasses });
    expect(ofArchive.pacs).not.toHaveProperty('caseClasses');
  });

  it('leaves alone the attribute that says its cases’ classes', async () => {
    const caseClasses = { attribute: 'BodyPartExamined', values: { HEAD: 'tumour' } };
    const said = `caseClasses: ${JSON.stringify(caseClasses)}`;
    const { data } = await load(
      `site: north\nstateDir: state\ndata: {kind: dicom, path: scans, ${said}}`,
    );
    expect(data).toMatchObject({ kind: 'dicom', caseClasses });
  });

  it('asks an archive without DICOMweb by DIMSE, as whom it says', async () => {
    const yaml = [
      'site: north',
      'stateDir: state',
      'data:',
      '  kind: pacs',
      '  url: dimses://pacs.example:2762/ORTHANC',
      '  aeTitle: NORTH',
      '  certificate: site.pem',
      '  key: site.key',
      '  query: {modality: MR}',
    ];
    expect((await load(yaml.join('\n'))).pacs).toMatchObject({
      url: 'dimses://pacs.example:2762/ORTHANC',
      aeTitle: 'NORTH',
      certificate: join(folder, 'site.pem'),
      key: join(folder, 'site.key'),
    });
    const unheeded = [...yaml.slice(0, 4), '  url: https://pacs.example/', ...yaml.slice(5)];
    await expect(load(unheeded.join('\n'))).rejects.toMatchObject({
      code: 'base/config-invalid',
      message: expect.stringMatching(/data\.aeTitle[\s\S]*data\.certificate/),
    });
  });

  it('wants no password in the archive’s URL, and a query that is no copy of everything', async () => {
    const yaml = [
      'site: north',
      'stateDir: state',
      'data: {kind: pacs, url: "https://me:secret@pacs.example/", query: {}}',
    ].join('\n');
    await expect(load(yaml)).rejects.toMatchObject({
      code: 'base/config-invalid',
      message: expect.stringMatching(/data\.url[\s\S]*data\.query\.modality/),
    });
    await expect(load(yaml)).rejects.not.toMatchObject({
      message: expect.stringContaining('secret'),
    });
  });

  it('names every problem at once, with its line', async () => {
    const yaml = [
      'site: North Hospital',
      'stateDir: state',
      'data: {kind: dicom, path: pacs}',
      'engine: gpu',
      'policy:',
      '  minCasesForMetric: 3',
    ].join('\n');
    await expect(load(yaml)).rejects.toMatchObject({
      code: 'base/config-invalid',
      message: expect.stringMatching(/line 1: site[\s\S]*line 4: engine[\s\S]*minCasesForMetric/),
    });
  });

  it('takes the address of a coordinator that has moved, and names one that is none', () => {
    const site = { site: 'north', stateDir: 's', data: { kind: 'msd', path: 'd' } };
    const read = (coordinator: string | string[]) =>
      siteConfigSchema.safeParse({ ...site, coordinator });
    expect(read('new.example.org:8443').data?.coordinator).toBe('new.example.org:8443');
    const both = ['a.example.org:8443', 'b.example.org:8443'];
    expect(read(both).data?.coordinator).toEqual(both);
    expect(read([]).success).toBe(false);
    const wrong = read('https://new.example.org:8443');
    expect(wrong.error?.issues[0]?.message).toContain('e.g. "new.example.org:8443"');
  });
});
