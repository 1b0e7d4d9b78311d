import { X509Certificate } from 'node:crypto';
import { errorText, FedvoxError, isFedvoxError } from '@fedvox/base';
import { isRefusal, type MethodName } from '@fedvox/protocol';
import { type ServiceError, status } from '@grpc/grpc-js';
import { errorOf } from '../calls/call-status.js';
import { fail } from '../errors.js';
import { type ChannelSpec, LOOPBACK, type SecureChannel } from './channel.js';
import { statusFromGrpc } from './grpc-status.js';
import { ignoredProxy, type ProxyInUse, proxyFailure, proxyFor } from './proxy.js';

/** Failures that may be gone when the same call is made again. */
const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  'protocol/coordinator-unreachable',
  'protocol/proxy-failed',
  'protocol/connection-lost',
  'protocol/call-timed-out',
  'protocol/coordinator-failed',
  'protocol/upload-incomplete',
  'protocol/download-digest-mismatch',
]);

const TRANSIENT_STATUS: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
  status.ABORTED,
]);

/** Whether trying again can help. A refusal is an answer, not a failure: it never is transient. */
export function isTransientGrpcError(error: unknown): boolean {
  if (isRefusal(error)) return false;
  if (isFedvoxError(error)) return TRANSIENT_CODES.has(error.code);
  return isServiceError(error) && TRANSIENT_STATUS.has(error.code);
}

/** Turns whatever ended a call into one error with a name, a sentence and advice. */
export function nameCallFailure(
  error: unknown,
  method: MethodName,
  channel: SecureChannel,
  nowMs: number,
): FedvoxError {
  if (error instanceof FedvoxError) return error;
  const { address } = channel.spec;
  if (!isServiceError(error)) {
    return fail('connection-lost', { address, reason: errorText(error) }, { cause: error });
  }
  if (error.code === status.UNAVAILABLE) {
    return channel.refusedServer() ?? nameConnectionFailure(error, channel.spec, nowMs);
  }
  return errorOf(statusFromGrpc(error), { address, method }, error);
}

/** Fragments of OpenSSL's and Node's messages, which gRPC passes on as text alone. */
const UNTRUSTED =
  /self[- ]signed certificate|unable to (get|verify)|certificate signature failure|unsuitable certificate purpose|wrong version number|packet length too long|unsupported protocol|handshake failure/i;
const EXPIRED = /certificate has expired|certificate is not yet valid/i;
const NOT_CONNECTED =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|Name resolution failed/;
const CUT_OFF =
  /ECONNRESET|EPIPE|socket hang up|disconnected before secure|Socket closed|Failed to connect|Connection closed|ECONNABORTED/i;

/** What gRPC says when a proxy gave no connection: it knows no error then. */
const PROXY_FAILED = /Last error: undefined/;

/** What gRPC says when not even the first call got through. */
const NEVER_CONNECTED = /^No connection established/;

function nameConnectionFailure(error: ServiceError, spec: ChannelSpec, nowMs: number): FedvoxError {
  const { address } = spec;
  const reason = error.details;
  const options = { cause: error };
  if (EXPIRED.test(reason)) return fail('server-certificate-expired', { address, reason }, options);
  if (UNTRUSTED.test(reason)) {
    return fail('server-certificate-untrusted', { address, reason }, options);
  }
  const proxy = proxyOf(address);
  if (proxy !== undefined && (PROXY_FAILED.test(reason) || NOT_CONNECTED.test(reason))) {
    const why = PROXY_FAILED.test(reason) ? proxyFailure() : reason;
    return fail('proxy-failed', { address, ...proxy, reason: why }, options);
  }
  if (NOT_CONNECTED.test(reason)) {
    const ignored = ignoredProxy(process.env);
    const whole = ignored === undefined ? reason : `${reason} (${ignored})`;
    return fail('coordinator-unreachable', { address, reason: whole }, options);
  }
  // A server that turns a certificate away closes the connection without a word: TLS 1.3 lets the
  // client finish first. Where our own certificate explains it, that is the reason.
  if (CUT_OFF.test(reason)) {
    const flaw = flawOfOwnCertificate(spec, reason, nowMs);
    if (flaw !== undefined) return flaw;
  }
  return fail('connection-lost', { address, reason }, options);
}

function proxyOf(address: string): ProxyInUse | undefined {
  if (LOOPBACK.test(address)) return undefined;
  return proxyFor(address.replace(/:\d+$/, ''), process.env);
}

function flawOfOwnCertificate(
  { address, own, caPem }: ChannelSpec,
  reason: string,
  nowMs: number,
): FedvoxError | undefined {
  if (own === undefined) {
    if (!NEVER_CONNECTED.test(reason)) return undefined;
    return fail('own-certificate-missing', { address });
  }
  const certificate = new X509Certificate(own.certificateChainPem);
  if (!certificate.verify(new X509Certificate(caPem).publicKey)) {
    return fail('own-certificate-foreign');
  }
  const { validFrom: notBefore, validTo: notAfter } = certificate;
  if (Date.parse(notBefore) <= nowMs && nowMs < Date.parse(notAfter)) return undefined;
  return fail('own-certificate-expired', { notBefore, notAfter });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'details' in error && 'metadata' in error && 'code' in error;
}
