import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { sha256, VirtualClock } from '@fedvox/base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { coordinatorConfigSchema } from '../config.js';
import { describeBlobs } from '../testing/blob-contract.js';
import { TestS3 } from '../testing/s3-server.js';
import type { BlobStore } from './blob-store.js';
import { openConfiguredBlobs } from './open-blobs.js';

let s3: TestS3;
beforeAll(async () => {
  s3 = await TestS3.open();
});
afterAll(() => s3.close());
beforeEach(() => {
  for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
  // Nothing of whoever runs the tests: neither a profile nor the service that tells an instance its role.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  s3.objects.clear();
  s3.faults.length = 0;
});
afterEach(() => vi.unstubAllEnvs());

/** Nobody waits between attempts. */
const clock = { ...new VirtualClock({ startMs: 1_000_000 }), sleep: async () => undefined };

function open(stateDir: string, changes: object = {}): Promise<BlobStore> {
  const { blobs } = coordinatorConfigSchema.parse({
    ...{ federation: 'f', consortiumDir: 'c', publicHost: 'localhost', stateDir },
    blobs: { bucket: s3.bucket, endpoint: s3.endpoint, pathStyle: true, prefix: 'f/', ...changes },
  });
  return openConfiguredBlobs({ stateDir, blobs }, { clock, jitter: () => 0 });
}

describeBlobs('blobs in a bucket', (folder) => open(folder));

const other = process.env['FEDVOX_TEST_S3'];
describe.skipIf(other === undefined)('in the bucket that FEDVOX_TEST_S3 names', () => {
  describeBlobs('blobs', async (stateDir) => {
    vi.unstubAllEnvs();
    const { origin, pathname } = new URL(other as string);
    // Each test on a prefix of its own: nobody empties a real bucket between them.
    const prefix = `${basename(stateDir)}/`;
    return open(stateDir, { endpoint: origin, bucket: pathname.slice(1), prefix });
  });
});

describe('blobs in a bucket', () => {
  const bytes = Buffer.from('some weights');
  const digest = sha256(bytes);
  const key = `f/${digest.slice(0, 2)}/${digest}`;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-bucket-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const cached = async () =>
    (await readdir(join(folder, 'cache'), { recursive: true })).filter((name) => name.length > 64);

  it('are there before a receipt can be given, and for a coordinator elsewhere', async () => {
    const here = await open(join(folder, 'here'));
    await here.put(digest, [bytes], 100);
    expect(s3.objects.get(key)?.bytes).toEqual(bytes);
    const there = await open(join(folder, 'there'));
    expect(await readFile(await there.path(digest))).toEqual(bytes);
  });

  it('are encrypted there as the configuration says', async () => {
    const encryption = 'aws:kms';
    await (await open(folder, { encryption, kmsKey: 'alias/own' })).put(digest, [bytes], 100);
    expect(s3.objects.get(key)?.headers).toMatchObject({
      'x-amz-server-side-encryption': encryption,
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/own',
    });
    await (await open(folder)).put(digest, [bytes], 100);
    expect(s3.objects.get(key)?.headers).not.toHaveProperty('x-amz-server-side-encryption');
  });

  it('come again where the copy here was damaged, or is gone', async () => {
    const first = await open(folder);
    await first.put(digest, [bytes], 100);
    const path = await first.path(digest);
    await writeFile(path, 'some height');
    const second = await open(folder);
    expect(await readFile(await second.path(digest))).toEqual(bytes);
    await rm(path);
    expect(await readFile(await second.path(digest))).toEqual(bytes);
  });

  it('are named where the bucket’s own are damaged, and no copy is kept', async () => {
    const blobs = await open(folder);
    const stored = { bytes: Buffer.from('some height'), storedAtMs: 0, headers: {} };
    s3.objects.set(key, stored);
    await expect(blobs.path(digest)).rejects.toMatchObject({ code: 'coordinator/blob-damaged' });
    expect(await cached()).toEqual([]);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });

  it('come whole though the service was busy and the way broke', async () => {
    const blobs = await open(folder);
    s3.faults.push('busy', 'busy');
    await blobs.put(digest, [bytes], 100);
    await rm(join(folder, 'cache'), { recursive: true });
    s3.faults.push('busy', 'cut-off', 'busy');
    expect(await readFile(await blobs.path(digest))).toEqual(bytes);
    expect(s3.faults).toEqual([]);
  });

  it('are fetched once for all who ask at the same time', async () => {
    const blobs = await open(folder);
    s3.objects.set(key, { bytes, storedAtMs: 0, headers: {} });
    const paths = await Promise.all([1, 2, 3].map(() => blobs.path(digest)));
    expect(new Set(paths).size).toBe(1);
  });

  it('leave room here for others, the least recently used first, but for those in use', async () => {
    const all = ['a', 'b', 'c'].map((letter) => Buffer.from(letter.repeat(10)));
    const [a, b, c] = all.map((each) => sha256(each)) as [string, string, string];
    const virtual = new VirtualClock({ startMs: 1_000_000 });
    const { blobs: config } = coordinatorConfigSchema.parse({
      ...{ federation: 'f', consortiumDir: 'c', publicHost: 'localhost', stateDir: folder },
      blobs: { bucket: s3.bucket, endpoint: s3.endpoint, pathStyle: true, cacheBytes: 20 },
    });
    const blobs = await openConfiguredBlobs(
      { stateDir: folder, blobs: config },
      { clock: virtual, jitter: () => 0 },
    );
    const put = async (each: Buffer | undefined) =>
      blobs.put(sha256(each as Buffer), [each as Buffer], 10);
    const present = async () => (await cached()).map((name) => name.slice(-64)).sort();
    await put(all[0]);
    await put(all[1]);
    virtual.leap(30_000);
    await put(all[2]);
    expect(await present()).toEqual([a, b, c].sort());
    await blobs.path(a);
    virtual.leap(60_000);
    await blobs.path(c);
    expect(await present()).toEqual([a, c].sort());
    expect(await readFile(await blobs.path(b))).toEqual(all[1]);
  });

  it('are refused by name: another key, no such bucket, nobody there', async () => {
    await expect(open(folder, { bucket: 'none' })).rejects.toMatchObject({
      code: 'coordinator/bucket-missing',
    });
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    await expect(open(folder)).rejects.toMatchObject({ code: 'coordinator/bucket-refused' });
    const nobody = { endpoint: 'http://127.0.0.1:9' };
    await expect(open(folder, nobody)).rejects.toMatchObject({
      code: 'coordinator/bucket-unreachable',
    });
  });

  it('are not taken for there where the service did not take them', async () => {
    const blobs = await open(folder);
    s3.faults.push(...Array.from({ length: 9 }, () => 'busy' as const));
    await expect(blobs.put(digest, [bytes], 100)).rejects.toMatchObject({
      code: 'coordinator/bucket-unreachable',
    });
    expect(await cached()).toEqual([]);
    expect((await stat(join(folder, 'incoming'))).isDirectory()).toBe(true);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
  });
});
