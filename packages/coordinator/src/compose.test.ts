import { createPublicKey } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import type { JobInput } from '@fedvox/job';
import { type FoundedConsortium, initConsortium, issueCertificate } from '@fedvox/pki';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CoordinatorClient, type CoordinatorClientOptions } from './client.js';
import { coordinatorConfigSchema, type RunningCoordinator, startCoordinator } from './index.js';

const job: JobInput = {
  name: 'tiny',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2 },
  seed: 1,
};
const weights = encodeWeights(new Map([['w', { shape: [2], data: new Float32Array([1, 2]) }]]));

let folder: string;
let consortium: FoundedConsortium;
let coordinator: RunningCoordinator;
let operator: CoordinatorClient;

const configIn = (stateDir: string) =>
  coordinatorConfigSchema.parse({
    federation: 'testfed',
    stateDir: join(folder, stateDir),
    consortiumDir: join(folder, 'consortium'),
    publicHost: 'localhost',
    listen: { host: 'localhost', federationPort: 0, enrollmentPort: 0, httpPort: 0 },
    limits: { maxModelBytes: 10_000 },
  });
const clientWith = (own: Pick<CoordinatorClientOptions, 'certificatePem' | 'keyPem'>) =>
  new CoordinatorClient({
    address: `localhost:${coordinator.httpPort}`,
    federation: 'testfed',
    caPem: consortium.authority.certificatePem,
    ...own,
  });
const write = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-coordinator-'));
  consortium = await initConsortium({
    folder: join(folder, 'consortium'),
    federation: 'testfed',
    hosts: ['localhost'],
    nowMs: Date.now(),
  });
  coordinator = await startCoordinator(configIn('state'), { log: silentLogger() });
  operator = clientWith(consortium.operator);
});
afterAll(async () => {
  operator.close();
  await coordinator.stop();
  await rm(folder, { recursive: true });
});

describe('the operator’s interface', () => {
  it('keeps models under their digest and gives them back whole', async () => {
    const digest = await operator.putBlob(await write('model', weights));
    expect(digest).toBe(sha256(weights));
    await operator.getBlob(digest, join(folder, 'copy'));
    expect(await readFile(join(folder, 'copy'))).toEqual(Buffer.from(weights));
    const missing = operator.getBlob(sha256('nothing'), join(folder, 'none'));
    await expect(missing).rejects.toMatchObject({ code: 'coordinator/no-such-blob' });
  });

  it('refuses a model that is larger than it takes, and keeps nothing of it', async () => {
    for (const byteLength of [20_000, 20_000_000]) {
      const large = operator.putBlob(await write('large', new Uint8Array(byteLength)));
      await expect(large).rejects.toMatchObject({ code: 'coordinator/blob-too-large' });
    }
    expect(await readdir(join(folder, 'state', 'incoming'))).toEqual([]);
  });

  it('names everything that is wrong with a job, before anything starts', async () => {
    const model = await operator.putBlob(await write('model', weights));
    const wrong = {
      ...job,
      name: 'Not A Name',
      evaluation: { ...job.evaluation, bestBy: 'f1' as 'dice' },
    };
    const submission = operator.submitJob(wrong, model);
    await expect(submission).rejects.toMatchObject({
      code: 'coordinator/request-invalid',
      message: expect.stringMatching(/job\.name[\s\S]*unknown metric "f1"; known metrics: dice/),
    });
    expect(await operator.jobs()).toEqual([]);
  });

  it('refuses a job that no data could be trained by, with all that is wrong with it', async () => {
    const model = await operator.putBlob(await write('model', weights));
    const optimizer = { kind: 'adam' as const, beta1: 1 };
    const inference = { roi: [1, 3, 5] as [number, number, number] };
    const training = { ...job.training, optimizer };
    const submission = operator.submitJob({ ...job, training, inference }, model);
    await expect(submission).rejects.toMatchObject({
      code: 'coordinator/job-not-trainable',
      message: expect.stringMatching(/cannot take 1×3×5 voxels.*; .*beta1 is 1/),
    });
    expect(await operator.jobs()).toEqual([]);
  });

  it('refuses a job that could never run, and says why', async () => {
    const model = await operator.putBlob(await write('model', weights));
    const lonely = operator.submitJob(job, model);
    await expect(lonely).rejects.toMatchObject({ code: 'coordinator/quorum-impossible' });
    const alone = { ...job, federation: { ...job.federation, minSites: 1 } };
    await expect(operator.submitJob(alone, model)).rejects.toMatchObject({
      code: 'coordinator/quorum-too-small',
    });
    const federation = { ...job.federation, sites: ['nowhere', 'else*'] };
    const unknown = operator.submitJob({ ...job, federation }, model);
    await expect(unknown).rejects.toMatchObject({ code: 'coordinator/site-not-enrolled' });
    await expect(operator.job('none')).rejects.toMatchObject({ code: 'coordinator/no-such-job' });
  });

  it('gives out an invitation with all that a site needs', async () => {
    const invitation = await operator.inviteSite('north');
    expect(invitation).toMatchObject({
      site: 'north',
      federation: 'testfed',
      federationAddress: `localhost:${coordinator.federationPort}`,
      enrollmentAddress: `localhost:${coordinator.enrollmentPort}`,
      caCertificatePem: consortium.authority.certificatePem,
    });
    expect(await operator.sites()).toMatchObject([{ site: 'north', standing: 'invited' }]);
    const bad = operator.inviteSite('../north');
    await expect(bad).rejects.toMatchObject({ code: 'coordinator/request-invalid' });
  });

  it('is for operators: a site’s certificate is refused by name', async () => {
    const { certificatePem } = await issueCertificate({
      authority: consortium.authority,
      publicKeyPem: publicKeyOf(consortium.operator.keyPem),
      identity: { federation: 'testfed', role: 'site', name: 'north' },
      validDays: 1,
      nowMs: Date.now(),
    });
    const site = clientWith({ certificatePem, keyPem: consortium.operator.keyPem });
    await expect(site.jobs()).rejects.toMatchObject({ code: 'refused/wrong-role' });
    site.close();
  });

  it('lets nobody in without a certificate', async () => {
    const answered = new Promise((resolve, reject) => {
      const options = { ca: consortium.authority.certificatePem };
      const call = request(`https://localhost:${coordinator.httpPort}/healthz`, options, resolve);
      call.on('error', reject);
      call.end();
    });
    await expect(answered).rejects.toThrow();
  });

  it('documents every route', async () => {
    const document = JSON.parse((await get('/openapi.json')).toString());
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/jobs', '/v1/jobs/{id}', '/v1/blobs/{sha256}', '/v1/events']),
    );
    for (const [path, methods] of Object.entries<Record<string, OpenApiRoute>>(document.paths)) {
      for (const [method, { summary, responses }] of Object.entries(methods)) {
        expect(summary, `${method} ${path}`).toMatch(/^[A-Z].*\.$/);
        const statuses = Object.keys(responses);
        expect(statuses).toEqual(expect.arrayContaining(['403', '500', '507']));
        expect(statuses.some((status) => status.startsWith('2'))).toBe(true);
        const { schema } = responses['403']?.content['application/json'] ?? {};
        expect(Object.keys(schema?.properties ?? {})).toEqual(['code', 'message', 'advice']);
      }
    }
    const conflict = document.paths['/v1/jobs/{id}/pause'].post.responses['409'].description;
    expect(conflict).toMatch(/coordinator\/job-not-running[\s\S]*coordinator\/job-over/);
    const body = document.paths['/v1/jobs'].post.requestBody.content['application/json'].schema;
    expect(body.properties.job.properties.evaluation.properties.bestBy.enum).toEqual([
      'dice',
      'auc',
    ]);
  });

  it('answers probes and names a route that is not there', async () => {
    expect(JSON.parse((await get('/healthz')).toString())).toMatchObject({ status: 'ok' });
    expect((await get('/metrics')).toString()).toContain('fedvox_updates_accepted_total 0');
    expect(JSON.parse((await get('/v2')).toString())).toMatchObject({
      code: 'coordinator/no-such-route',
    });
  });
});

describe('a coordinator', () => {
  it('refuses a state folder that another one has, and certificates of another federation', async () => {
    const second = startCoordinator(configIn('state'), { log: silentLogger() });
    await expect(second).rejects.toMatchObject({ code: 'coordinator/state-in-use' });
    const config = { ...configIn('other'), federation: 'elsewhere' };
    const wrong = startCoordinator(config, { log: silentLogger() });
    await expect(wrong).rejects.toMatchObject({ code: 'coordinator/wrong-federation' });
  });

  it('lets go of everything when one of its ports is taken', async () => {
    const { listen, ...rest } = configIn('third');
    const taken = { ...rest, listen: { ...listen, httpPort: coordinator.httpPort } };
    const failing = startCoordinator(taken, { log: silentLogger() });
    await expect(failing).rejects.toMatchObject({ code: 'coordinator/listen-failed' });
    const again = await startCoordinator(configIn('third'), { log: silentLogger() });
    await again.stop();
  });
});

interface OpenApiRoute {
  readonly summary: string;
  readonly responses: Record<
    string,
    { readonly content: Record<string, { readonly schema: { readonly properties: object } }> }
  >;
}

function publicKeyOf(keyPem: string): string {
  return createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();
}

function get(path: string): Promise<Buffer> {
  const { certificatePem: cert, keyPem: key } = consortium.operator;
  const options = { ca: consortium.authority.certificatePem, cert, key };
  return new Promise((resolve, reject) => {
    const url = `https://localhost:${coordinator.httpPort}${path}`;
    const call = request(url, options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve(Buffer.concat(chunks));
    });
    call.on('error', reject);
    call.end();
  });
}
