import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorText, FedvoxError } from '@fedvox/base';
import { isAddress, parseAddress } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { errorSchema } from '../rest-contract.js';

export interface HttpsCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: { readonly type: string; readonly byteLength: number; readonly bytes: Readable };
  readonly signal?: AbortSignal;
}

/** What the operators' port is unless somebody chose another. */
const USUAL_PORT = 8445;
/** OpenSSL's words for an answer that is not of its protocol. */
const SPEAKS_NO_TLS = /wrong version number|packet length too long|http request/;
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
  const response = await send(dialable(address), agent, call);
  if (response.statusCode !== undefined && response.statusCode < 300) return response;
  const error = await namedError(address, response);
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

/** @throws FedvoxError `coordinator/address-invalid`, with the address that was probably meant */
function dialable(address: string): string {
  const parsed = parseAddress(address, USUAL_PORT);
  if (isAddress(parsed)) return address;
  throw fail('address-invalid', { address, ...parsed });
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
    if (SPEAKS_NO_TLS.test(errorText(cause))) {
      throw fail('not-the-operators-port', { address, reason: 'it does not speak TLS' }, { cause });
    }
    throw fail('coordinator-unreachable', { address, reason: errorText(cause) }, { cause });
  }
}

/** What speaks HTTPS and names no error of ours is another door, or another program. */
async function namedError(address: string, response: IncomingMessage): Promise<FedvoxError> {
  const text = (await readAll(response, MAX_ERROR_BYTES)).toString('utf8');
  const parsed = errorSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const reason = `it says HTTP ${response.statusCode}`;
    return fail('not-the-operators-port', { address, reason });
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
