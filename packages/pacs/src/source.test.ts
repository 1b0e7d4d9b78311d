import { describe, expect, it } from 'vitest';
import { archiveAddress } from './dimse/archive-address.js';
import { pacsSourceSchema } from './source.js';

const query = { modality: 'MR' };

function problems(source: object): string[] {
  const parsed = pacsSourceSchema.safeParse({ query, ...source });
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
}

describe('the address of an archive', () => {
  it('is that of DICOMweb, or host, port and AE title for DIMSE', () => {
    expect(problems({ url: 'https://pacs.example/dicom-web' })).toEqual([]);
    expect(problems({ url: 'dimse://pacs.example:104/ORTHANC', aeTitle: 'NORTH 1' })).toEqual([]);
    expect(problems({ url: 'dimses://[::1]/MY%20PACS' })).toEqual([]);
  });

  it('needs a title that DICOM allows', () => {
    for (const path of ['', '/', '/A%5CB', '/SEVENTEEN_LETTERS', '/%', '/%20A']) {
      expect(problems({ url: `dimse://pacs.example:104${path}` })).toEqual(['url']);
    }
    const url = 'dimse://pacs.example/ORTHANC';
    for (const aeTitle of ['', ' A', 'A ', 'A\\B', 'SEVENTEEN_LETTERS', 'ä']) {
      expect(problems({ url, aeTitle })).toEqual(['aeTitle']);
    }
  });

  it('carries no secret', () => {
    expect(problems({ url: 'dimse://me:secret@pacs.example/ORTHANC' })).toEqual(['url']);
    expect(problems({ url: 'ftp://pacs.example/ORTHANC' })).toEqual(['url']);
  });

  it('says to whom and as whom, with the usual port and title', () => {
    expect(archiveAddress('dimse://pacs.example/ORTHANC')).toEqual({
      hostname: 'pacs.example',
      port: 104,
      host: 'pacs.example:104',
      called: 'ORTHANC',
      calling: 'FEDVOX',
    });
    expect(archiveAddress('dimses://[::1]/MY%20PACS', 'NORTH')).toMatchObject({
      hostname: '::1',
      port: 2762,
      host: '[::1]:2762',
      called: 'MY PACS',
      calling: 'NORTH',
      tls: {},
    });
  });
});

it('refuses a setting that the way of asking does not heed', () => {
  const web = 'https://pacs.example/dicom-web';
  const plain = 'dimse://pacs.example/ORTHANC';
  const secure = 'dimses://pacs.example/ORTHANC';
  const own = { certificate: 'site.pem', key: 'site.key' };
  expect(problems({ url: web, aeTitle: 'NORTH' })).toEqual(['aeTitle']);
  expect(problems({ url: web, ...own })).toEqual(['certificate', 'key']);
  expect(problems({ url: plain, credentials: 'file', allowPlainHttp: true })).toEqual([
    'credentials',
    'allowPlainHttp',
  ]);
  expect(problems({ url: plain, ca: 'ca.pem', ...own })).toEqual(['ca', 'certificate', 'key']);
  expect(problems({ url: secure, ca: 'ca.pem', ...own })).toEqual([]);
  expect(problems({ url: secure, certificate: 'site.pem' })).toEqual(['key']);
});
