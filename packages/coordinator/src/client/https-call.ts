import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorText, FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import { errorSchema } from '../http/contract.js';

export interface HttpsCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: { readonly type: string; readonly byteLength: number; readonly bytes: Readable };
  readonly signal?: AbortSignal;
}

/** An error's answer is a few hundred bytes. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Silence on the connection, longer than any request is held open. */
const SILENCE_TIMEOUT_MS = 60_000;

/**
 * Makes one call and gives the answer's stream once its status is a success.
 * @throws FedvoxError `coordinator/coordinator-unreachable`, or the error that the coordinator named
 */
export async function callHttps(
  address: string,
  agent: Agent,
  call: HttpsCall,
): Promise<IncomingMessage> {
  const response = await send(address, agent, call);
  if (response.statusCode !== undefined && response.statusCode < 300) return response;
  const error = await namedError(response, call);
  // Whatever has not been sent yet is not wanted any more.
  call.body?.bytes.destroy();
  throw error;
}

/** The whole answer, which must be no longer than `maxBytes`. */
export async function readAll(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(
  address: string,
  agent: Agent,
  { method, path, body, signal }: HttpsCall,
): Promise<IncomingMessage> {
  const headers = body && { 'content-type': body.type, 'content-length': body.byteLength };
  const options = { method, agent, ...(headers && { headers }), ...(signal && { signal }) };
  const outgoing = request(`https://${address}${path}`, options);
  outgoing.setTimeout(SILENCE_TIMEOUT_MS, () => outgoing.destroy(new Error('it fell silent')));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  try {
    if (body === undefined) outgoing.end();
    // The coordinator may refuse before it has read everything: its answer counts, not the broken pipe.
    else pipeline(body.bytes, outgoing).catch(() => outgoing.destroy());
    return await answered;
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (cause instanceof FedvoxError) throw cause;
    throw fail('coordinator-unreachable', { address, reason: errorText(cause) }, { cause });
  }
}

async function namedError(
  response: IncomingMessage,
  { method, path }: HttpsCall,
): Promise<FedvoxError> {
  const text = (await readAll(response, MAX_ERROR_BYTES)).toString('utf8');
  const parsed = errorSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    return fail('answer-invalid', { method, path, reason: `HTTP ${response.statusCode}` });
  }
  const { code, message, advice } = parsed.data;
  return new FedvoxError(code, message, advice);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
