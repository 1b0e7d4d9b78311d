import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArchive } from '../open-archive.js';
import { pacsSourceSchema } from '../source.js';
import { hasOrthanc, Orthanc } from '../testing/orthanc.js';
import { FAST_RETRYING } from '../testing/scripted-archive.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Whom an archive lets in: by the title it knows, and by the certificate it trusts. */
describe.skipIf(!hasOrthanc() || !hasOpenssl)('an Orthanc that wants TLS', () => {
  let folder: string;
  let orthanc: Orthanc;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-doors-'));
    for (const name of ['archive', 'site', 'stranger']) certify(name);
    orthanc = await Orthanc.start({
      DicomTlsEnabled: true,
      DicomTlsCertificate: file('archive.crt'),
      DicomTlsPrivateKey: file('archive.key'),
      DicomTlsTrustedCertificates: file('site.crt'),
    });
  }, 60_000);
  afterAll(async () => {
    await orthanc?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A certificate that is its own authority. */
  function certify(name: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const who = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...who, ...out], {
      stdio: 'ignore',
    });
  }

  const secureUrl = () => orthanc.dimseUrl.replace('dimse:', 'dimses:');

  async function echo(settings: object): Promise<string> {
    const source = { url: secureUrl(), query: { modality: 'MR' }, ...settings };
    const archive = await openArchive(pacsSourceSchema.parse(source), FAST_RETRYING);
    return archive.echo().then(
      () => 'answered',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  }

  const ca = () => ({ ca: file('archive.crt') });
  const as = (name: string) => ({ certificate: file(`${name}.crt`), key: file(`${name}.key`) });

  it('answers a site that it trusts and that trusts it', async () => {
    expect(await echo({ ...ca(), ...as('site') })).toBe('answered');
  });

  it('is not believed without the authority that signed its certificate', async () => {
    expect(await echo(as('site'))).toBe('pacs/tls');
    expect(await echo({ ca: file('stranger.crt'), ...as('site') })).toBe('pacs/tls');
  });

  it('refuses a site without a certificate that it trusts, which is named', async () => {
    expect(await echo(ca())).toBe('pacs/tls');
    expect(await echo({ ...ca(), ...as('stranger') })).toBe('pacs/tls');
  });

  it('does not speak without TLS, which is named', async () => {
    expect(await echo({ url: orthanc.dimseUrl })).toBe('pacs/no-association');
  });

  it('names the title that it does not know, where it only hangs up on it', async () => {
    const settings = { ...ca(), ...as('site'), aeTitle: 'NOBODY' };
    expect(await echo(settings)).toBe('pacs/aborted');
  });
});

describe.skipIf(!hasOrthanc())('an Orthanc without TLS', () => {
  it('is named where a site wants TLS of it', async () => {
    const orthanc = await Orthanc.start();
    try {
      const url = orthanc.dimseUrl.replace('dimse:', 'dimses:');
      const source = pacsSourceSchema.parse({ url, query: { modality: 'MR' } });
      const archive = await openArchive(source, FAST_RETRYING);
      await expect(archive.echo()).rejects.toMatchObject({ code: 'pacs/tls' });
    } finally {
      await orthanc.stop();
    }
  }, 60_000);
});
