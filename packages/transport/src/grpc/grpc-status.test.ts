import { isRefusal, REFUSALS, refusalCode, refuse } from '@fedvox/protocol';
import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { errorOf, statusOf } from '../calls/call-status.js';
import { ERRORS } from '../errors.js';
import { isTransientGrpcError } from './call-failure.js';
import { REFUSAL_TRAILER, statusFromGrpc, statusToGrpc } from './grpc-status.js';

const refusalToStatus = (error: unknown) => statusToGrpc(statusOf(error));
const statusToRefusal = (error: ServiceError) => {
  const received = statusFromGrpc(error);
  if (received.refusal === undefined) return undefined;
  return errorOf(received, { address: 'fed.example.org:7402', method: 'hello' }, error);
};

/** The error that a client makes of a status that came over the wire. */
function serviceError(from: { code: status; details: string; metadata: Metadata }): ServiceError {
  return Object.assign(new Error(`${from.code} ${from.details}`), from);
}

describe('a refusal', () => {
  it('is the same error on both sides of the wire', () => {
    const refused = refuse('stale-round', { round: 3, current: 5 });
    expect(refused.message).toBe('the statement is for round 3; the job is at round 5');
    const received = statusToRefusal(serviceError(refusalToStatus(refused)))!;
    expect(received.code).toBe('refused/stale-round');
    expect(received.message).toBe(refused.message);
    expect(received.advice).toBe(refused.advice);
    expect(isRefusal(received, 'stale-round')).toBe(true);
    expect(isRefusal(received, 'revoked')).toBe(false);
    expect(refusalCode(received)).toBe('stale-round');
  });

  it('that this version does not know keeps its code and says what to do', () => {
    const wire = refusalToStatus(refuse('revoked', { name: 'alice' }));
    wire.metadata.set(REFUSAL_TRAILER, 'quota-exceeded');
    const received = statusToRefusal(serviceError(wire))!;
    expect(received.code).toBe('refused/quota-exceeded');
    expect(received.advice).toMatch(/Upgrade/);
  });

  it('is never transient: it is an answer', () => {
    for (const code of Object.keys(REFUSALS)) {
      const wire = refusalToStatus(refuse('token-used'));
      wire.metadata.set(REFUSAL_TRAILER, code);
      expect(isTransientGrpcError(statusToRefusal(serviceError(wire)))).toBe(false);
    }
  });
});

describe('any other error of a handler', () => {
  it('crosses the wire as "internal error" and nothing of it', () => {
    const secret = new Error('ENOSPC /srv/fedvox/state/store.sqlite', {
      cause: new Error('patient Doe^Jane'),
    });
    const wire = refusalToStatus(secret);
    expect(wire).toMatchObject({ code: status.INTERNAL, details: 'internal error' });
    expect(wire.metadata.getMap()).toEqual({});
    expect(statusToRefusal(serviceError(wire))).toBeUndefined();
  });

  it('that only looks like a refusal is not one', () => {
    const impostor = Object.assign(new Error('x'), { code: 'refused/revoked' });
    expect(refusalToStatus(impostor).code).toBe(status.INTERNAL);
    expect(isRefusal(impostor)).toBe(false);
  });
});

describe('the tables', () => {
  it('say what is wrong and what to do, each entry in one line each', () => {
    for (const [code, { message, advice }] of Object.entries(ERRORS)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(message).toMatch(/^\S.*[^.]$/);
      expect(advice).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('keep refusals of each kind under a gRPC status that is no success', () => {
    for (const { status: name } of Object.values(REFUSALS)) {
      const code = status[name];
      expect(code).toBeGreaterThan(status.OK);
      expect([status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN]).not.toContain(code);
    }
  });
});
