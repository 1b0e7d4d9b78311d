import { systemClock } from '@fedvox/base/system';
import { JOB_ID_PATTERN, refuse } from '@fedvox/protocol';
import {
  createFederationServer,
  type FederationHandlers,
  type RunningServer,
  type ServerEvent,
} from '@fedvox/transport';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestConsortium,
  FEDERATION,
  issueFor,
  type TestConsortium,
} from '../support/consortium.js';
import { golden, goldenNames } from './goldens.js';
import { rawClient, type TlsFiles } from './raw-grpc.js';

const SHA256 = /^[0-9a-f]{64}$/;

/** A coordinator that checks what the protocol let through, and refuses all of it. */
const suspicious: FederationHandlers = {
  hello: async ({ protocolVersion }) => {
    expect(Number.isSafeInteger(protocolVersion)).toBe(true);
    throw refuse('revoked', { name: 'x' });
  },
  nextTask: async (state) => {
    expect(state).toMatch(/^[a-z-]+$/);
    throw refuse('revoked', { name: 'x' });
  },
  heartbeat: async ({ job, state }) => {
    expect(job).toMatch(JOB_ID_PATTERN);
    expect(state).toMatch(/^[a-z-]+$/);
    throw refuse('unknown-job', { job });
  },
  // biome-ignore lint/correctness/useYield: it refuses before the first part
  download: async function* ({ sha256, offset }) {
    expect(sha256).toMatch(SHA256);
    expect(Number.isSafeInteger(offset) && offset >= 0).toBe(true);
    throw refuse('unknown-blob', { sha256 });
  },
  reportGate: async ({ job, outcome }) => {
    expect(job).toMatch(JOB_ID_PATTERN);
    expect(outcome).toMatch(/^[a-z-]+$/);
    throw refuse('unknown-job', { job });
  },
  decline: async ({ job, round, reason }) => {
    expect(job).toMatch(JOB_ID_PATTERN);
    expect(Number.isSafeInteger(round) && round >= 0).toBe(true);
    expect(reason).toMatch(/^[a-z-]+$/);
    throw refuse('unknown-job', { job });
  },
  beginUpload: async ({ payload }) => {
    expect(payload.byteLength).toBeLessThanOrEqual(16 * 1024);
    throw refuse('bad-signature');
  },
  upload: async ({ statement, offset }, chunks) => {
    expect(statement).toMatch(SHA256);
    expect(Number.isSafeInteger(offset) && offset >= 0).toBe(true);
    for await (const chunk of chunks) expect(chunk.byteLength).toBeLessThanOrEqual(1024 * 1024);
    throw refuse('upload-unknown');
  },
  submit: async (statement) => {
    expect(statement).toMatch(SHA256);
    throw refuse('upload-unknown');
  },
  getReceipt: async (statement) => {
    expect(statement).toMatch(SHA256);
    throw refuse('receipt-unknown');
  },
  renewCertificate: async (request) => {
    expect(request).toBeInstanceOf(Uint8Array);
    throw refuse('request-invalid', { reason: 'x' });
  },
};

const requests = goldenNames.filter((name) => /Request/.test(name) && name !== 'EnrollRequest');
const methodOf = (request: string) => `FederationService/${request.replace(/Request.*/, '')}`;

/** A golden request, damaged: bits flipped, cut short, doubled, or something else altogether. */
const damaged = (bytes: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.array(fc.tuple(fc.nat(1_000), fc.nat(7)), { minLength: 1, maxLength: 4 }).map((flips) => {
      const copy = Buffer.from(bytes);
      for (const [at, bit] of flips) {
        if (copy.length > 0) copy[at % copy.length]! ^= 1 << bit;
      }
      return copy;
    }),
    fc.nat(bytes.length).map((length) => bytes.subarray(0, length)),
    fc.constant(Buffer.concat([bytes, bytes])),
    fc.uint8Array({ maxLength: 200 }).map((random) => Buffer.from(random)),
  );

let consortium: TestConsortium;
let server: RunningServer;
let site: TlsFiles;
const events: ServerEvent[] = [];

beforeAll(async () => {
  consortium = await createTestConsortium();
  const { authority, coordinator } = consortium.consortium;
  const own = await issueFor(consortium, 'site', 'east');
  site = { ca: authority.certificatePem, key: own.keyPem, cert: own.certificateChainPem };
  server = await createFederationServer(suspicious, {
    host: 'localhost',
    port: 0,
    caPem: authority.certificatePem,
    keyPem: coordinator.keyPem,
    certificateChainPem: coordinator.certificatePem,
    federation: FEDERATION,
    clock: systemClock,
    authorize: () => undefined,
    onEvent: (event) => events.push(event),
  });
});
afterAll(async () => {
  await server.stop(0);
  await consortium.remove();
});

describe('a coordinator', () => {
  it.each(requests)('answers any damage to a %s, and lets no nonsense through', async (name) => {
    const client = rawClient(site, server.port);
    events.length = 0;
    const once = fc.array(damaged(golden(name)), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(once, async (messages) => {
        const isStream = name.startsWith('Upload');
        const sent = isStream ? messages : messages.slice(0, 1);
        const { status } = await client.call(methodOf(name), sent);
        expect(status).toMatch(/^[1-9]\d?$/);
      }),
      { numRuns: 60 },
    );
    client.close();
    // "Failed" is a handler that broke, its expectations above included; "refused" is a judgement.
    expect(events.filter(({ kind }) => kind !== 'call-refused')).toEqual([]);
  });

  it('still speaks sense afterwards', async () => {
    const client = rawClient(site, server.port);
    const { status } = await client.call(methodOf('HelloRequest'), [golden('HelloRequest')]);
    client.close();
    expect(status).toBe('7');
  });
});
