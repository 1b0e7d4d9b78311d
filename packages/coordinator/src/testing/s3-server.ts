import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const ACCESS_KEY = 'test-access-key';
const SECRET_KEY = 'test-secret-key';
const BUCKET = 'federation';

export interface StoredObject {
  readonly bytes: Buffer;
  readonly storedAtMs: number;
  readonly headers: IncomingMessage['headers'];
}

/**
 * As much of S3 as blobs need, path-style, over HTTP: one bucket, and every request's signature and digest
 * are verified as AWS's "Signature Version 4" says. No listing, no parts, no rights.
 */
export class TestS3 {
  readonly bucket = BUCKET;
  readonly objects = new Map<string, StoredObject>();
  /** Answers to come that are not what was asked for. */
  readonly faults: ('busy' | 'cut-off')[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      this.#answer(request, response).catch((error) => response.destroy(error));
    });
  }

  static async open(): Promise<TestS3> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TestS3(server);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What a client must have in its environment. */
  get environment(): Readonly<Record<string, string>> {
    return { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (this.faults[0] === 'busy') {
      this.faults.shift();
      return refuse(response, 503, 'SlowDown');
    }
    if (!isSigned(request)) return refuse(response, 403, 'SignatureDoesNotMatch');
    const claimed = request.headers['x-amz-content-sha256'];
    const isClaimed = claimed !== 'UNSIGNED-PAYLOAD';
    if (isClaimed && claimed !== createHash('sha256').update(body).digest('hex')) {
      return refuse(response, 400, 'XAmzContentSHA256Mismatch');
    }
    const [, bucket, ...rest] = new URL(request.url ?? '', 'http://any').pathname.split('/');
    if (bucket !== BUCKET) return refuse(response, 404, 'NoSuchBucket');
    this.#serve(request, rest.join('/'), body, response);
  }

  #serve(
    { method, headers }: IncomingMessage,
    key: string,
    body: Buffer,
    response: ServerResponse,
  ): void {
    if (key === '') return void response.writeHead(200).end();
    if (method === 'PUT') {
      this.objects.set(key, { bytes: body, storedAtMs: Date.now(), headers });
      return void response.writeHead(200, { etag: '"any"' }).end();
    }
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    const object = this.objects.get(key);
    if (object === undefined) return void refuse(response, 404, 'NoSuchKey');
    response.writeHead(200, {
      'content-length': object.bytes.byteLength,
      'last-modified': new Date(object.storedAtMs).toUTCString(),
    });
    if (method === 'HEAD') return void response.end();
    if (this.faults[0] !== 'cut-off') return void response.end(object.bytes);
    this.faults.shift();
    response.write(object.bytes.subarray(0, object.bytes.byteLength / 2), () => response.destroy());
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[^/]+\/s3\/aws4_request), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function isSigned({ method, url = '', headers }: IncomingMessage): boolean {
  const [, accessKey, scope = '', names = '', signature = ''] =
    AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (accessKey !== ACCESS_KEY || !names.split(';').includes('x-amz-content-sha256')) return false;
  const { pathname, searchParams } = new URL(url, 'http://any');
  searchParams.sort();
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = [
    method,
    pathname,
    searchParams.toString().replaceAll('+', '%20'),
    lines.join(''),
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${SECRET_KEY}`);
  const expected = hmac(key, text);
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
