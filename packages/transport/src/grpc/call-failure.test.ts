import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { TestFederation } from '../testing/test-federation.js';
import { isTransientGrpcError, nameCallFailure } from './call-failure.js';
import { type SecureChannel, secureChannel } from './channel.js';

let channel: SecureChannel;
beforeAll(async () => {
  const federation = await TestFederation.create();
  channel = secureChannel({
    address: 'fed.example.org:7402',
    federation: 'north',
    caPem: federation.authority.certificatePem,
    own: await federation.member(),
  });
});

const failed = (code: status, details: string): ServiceError =>
  Object.assign(new Error(`${code} ${details}`), { code, details, metadata: new Metadata() });
const named = (error: unknown) => nameCallFailure(error, 'hello', channel, Date.now());
const notConnected = (reason: string) =>
  failed(status.UNAVAILABLE, `No connection established. Last error: ${reason}. Resolution note: `);

describe('a failed call', () => {
  // Those that real sockets can show here are in mutual-tls.test.ts; these texts are grpc-js's own.
  it.each([
    ['Error: getaddrinfo ENOTFOUND fed.example.org', 'coordinator-unreachable', true],
    ['Error: connect ETIMEDOUT 192.0.2.1:7402', 'coordinator-unreachable', true],
    ['Error: connect EHOSTUNREACH 192.0.2.1:7402', 'coordinator-unreachable', true],
    ['Error: read ECONNRESET', 'connection-lost', true],
    ['something that nobody has seen before', 'connection-lost', true],
    ['Error: self-signed certificate in certificate chain', 'server-certificate-untrusted', false],
    [
      'Error: C0B1:error:0A00010B:SSL routines::wrong version number',
      'server-certificate-untrusted',
      false,
    ],
    ['Error: certificate is not yet valid', 'server-certificate-expired', false],
  ])('with "%s" is %s', (reason, code, isTransient) => {
    const error = named(notConnected(reason));
    expect(error.code).toBe(`protocol/${code}`);
    expect(error.message).toContain('fed.example.org:7402');
    expect(isTransientGrpcError(error)).toBe(isTransient);
  });

  it.each([
    [status.DEADLINE_EXCEEDED, 'call-timed-out', true],
    [status.INTERNAL, 'coordinator-failed', true],
    [status.UNKNOWN, 'coordinator-failed', true],
    [status.CANCELLED, 'call-cancelled', false],
    [status.UNIMPLEMENTED, 'coordinator-incompatible', false],
  ])('of status %i is %s', (code, name, isTransient) => {
    const error = named(failed(code, ''));
    expect(error.code).toBe(`protocol/${name}`);
    expect(isTransientGrpcError(error)).toBe(isTransient);
  });

  it('keeps the name it already has', () => {
    const error = named(failed(status.INTERNAL, ''));
    expect(named(error)).toBe(error);
  });
});

describe('transience', () => {
  it('is told of bare gRPC errors too, and of nothing else', () => {
    expect(isTransientGrpcError(failed(status.UNAVAILABLE, ''))).toBe(true);
    expect(isTransientGrpcError(failed(status.PERMISSION_DENIED, ''))).toBe(false);
    expect(isTransientGrpcError(new Error('ENOSPC'))).toBe(false);
    expect(isTransientGrpcError(undefined)).toBe(false);
  });
});
