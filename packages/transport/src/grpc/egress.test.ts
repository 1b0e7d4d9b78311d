import { once } from 'node:events';
import { createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createCertificateRequest } from '@fedvox/pki';
import {
  EGRESS_KINDS,
  type EgressItem,
  encodeStatement,
  signReceipt,
  signUpdate,
  statementDigest,
} from '@fedvox/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FederationClient } from '../calls/federation-client.js';
import type { FederationHandlers } from '../calls/federation-handlers.js';
import { dataFrames, recordingProxy } from '../testing/recording-proxy.js';
import { type Member, sampleUpdate, TestFederation } from '../testing/test-federation.js';

let federation: TestFederation;
let alice: Member;
let handlers: Partial<FederationHandlers>;
const statement = statementDigest(encodeStatement(sampleUpdate));
const delta = Buffer.alloc(700_001, 'delta');

beforeAll(async () => {
  federation = await TestFederation.create();
  alice = await federation.member();
  const { key, keyid } = federation.coordinator;
  const { job, round, site } = sampleUpdate;
  const receipt = signReceipt(
    {
      kind: 'fedvox/receipt/v1',
      federation: 'north',
      statement,
      job,
      round,
      site,
      acceptedAtMs: 1,
    },
    key,
    keyid,
  );
  handlers = {
    download: async function* () {
      yield { totalBytes: 5, chunk: Buffer.from('model') };
    },
    beginUpload: async () => ({ statement, offset: 0 }),
    upload: async (_, chunks) => {
      let offset = 0;
      for await (const chunk of chunks) offset += chunk.byteLength;
      return { offset };
    },
    submit: async () => receipt,
    getReceipt: async () => receipt,
    renewCertificate: async () => [federation.coordinator.certificate.der],
  };
});

async function* chunksOf(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Everything that a site can say, said once. */
async function sayEverything(client: FederationClient): Promise<void> {
  await client.hello(['delta-f32']);
  await client.nextTask('idle');
  await client.reportGate({ job: sampleUpdate.job, outcome: 'pass', figures: null });
  await client.heartbeat({ job: sampleUpdate.job, round: 3, state: 'training' });
  for await (const part of client.download(sampleUpdate.baseModel, 0)) {
    expect(part.totalBytes).toBe(5);
  }
  const envelope = signUpdate(sampleUpdate, alice.key, alice.keyid);
  const position = await client.beginUpload(envelope);
  expect(await client.upload(position, chunksOf(delta, 64_000))).toEqual({ offset: delta.length });
  await client.submit(statement);
  await client.getReceipt(statement);
  const request = await createCertificateRequest({ keyPem: alice.keyPem, name: 'alice' });
  await client.renewCertificate(request);
}

const total = (items: readonly EgressItem[]) => items.reduce((sum, { bytes }) => sum + bytes, 0);

/** A client that said all it can, and what a recording proxy saw leave the site. */
async function everythingSaid() {
  const server = await federation.serve(handlers);
  const proxy = await recordingProxy(federation, alice, server.port);
  const client = federation.dial(proxy, alice);
  await sayEverything(client);
  client.close();
  await proxy.stop();
  await server.stop(0);
  return { client, left: dataFrames(proxy.bytes()) };
}

describe('closed-world egress', () => {
  it('counts, byte for byte, what a recording proxy sees leave the site', async () => {
    const { client, left } = await everythingSaid();
    expect(total(client.sent)).toBe(left.length);
    const deltaBytes = total(client.sent.filter(({ kind }) => kind === 'delta'));
    expect(deltaBytes).toBeGreaterThan(delta.length);
    expect(deltaBytes).toBeLessThan(delta.length + 20 * 11 + 100);
    expect(new Set(client.sent.map(({ kind }) => kind))).toEqual(new Set(EGRESS_KINDS));
  });

  it('never holds a secret part of the site’s key', async () => {
    const { left } = await everythingSaid();
    const { n, d, p, q, dp, dq, qi } = alice.key.export({ format: 'jwk' });
    const partOf = (number: string | undefined) =>
      Buffer.from(number!, 'base64url').subarray(0, 64);
    // The public modulus is in the certificate request: the search finds what is there.
    expect(left.includes(partOf(n))).toBe(true);
    for (const secret of [d, p, q, dp, dq, qi]) expect(left.includes(partOf(secret))).toBe(false);
  });

  it('sends nothing that the observer has not accepted', async () => {
    const server = await federation.serve(handlers);
    const proxy = await recordingProxy(federation, alice, server.port);
    const client = federation.dial(proxy, alice, {
      onSent: ({ kind }) => {
        if (kind === 'statement') throw new Error('the ledger’s disk is full');
      },
    });
    await client.hello([]);
    const envelope = signUpdate(sampleUpdate, alice.key, alice.keyid);
    await expect(client.beginUpload(envelope)).rejects.toThrow();
    client.close();
    await proxy.stop();
    await server.stop(0);
    expect(dataFrames(proxy.bytes()).includes(Buffer.from(envelope.payload))).toBe(false);
  });

  it('adds no headers of its own to a call', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { keyPem: key, certificateChainPem: cert } = federation.coordinator;
    const server = createSecureServer({ key, cert });
    server.on('stream', (stream, headers) => {
      seen.push(headers);
      stream.respond(
        { 'content-type': 'application/grpc', 'grpc-status': '14' },
        { endStream: true },
      );
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const client = federation.dial({ port: (server.address() as AddressInfo).port }, alice);
    await expect(client.nextTask('idle')).rejects.toThrow();
    client.close();
    server.close();
    expect(Object.keys(seen[0]!).sort()).toEqual([
      ':authority',
      ':method',
      ':path',
      ':scheme',
      'accept-encoding',
      'content-type',
      'grpc-accept-encoding',
      'grpc-timeout',
      'te',
      'user-agent',
    ]);
    expect(seen[0]!['user-agent']).toMatch(/^grpc-node-js\/[\d.]+$/);
  });
});
