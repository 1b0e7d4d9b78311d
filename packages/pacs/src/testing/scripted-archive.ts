import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RetryPolicy } from '@fedvox/base';
import { systemChance, systemClock } from '@fedvox/base/system';
import { DicomWebClient, type DicomWebOptions } from '../dicomweb-client.js';
import { HttpConnection, type HttpConnectionOptions } from '../http-connection.js';
import type { RetryingOptions } from '../retrying.js';

/** Soon, so that a test does not wait. */
export const FAST_RETRIES: RetryPolicy = { maxAttempts: 3, firstDelayMs: 1, maxDelayMs: 2 };
export const REAL_TIME = { clock: systemClock, jitter: systemChance.uniform };
export const FAST_RETRYING: RetryingOptions = { ...REAL_TIME, retries: FAST_RETRIES };

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP server that answers as a test tells it to: what no honest archive would say. */
export class ScriptedArchive {
  /** Addresses asked for, in order. */
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(handler: Handler): Promise<ScriptedArchive> {
    const server = createServer();
    const archive = new ScriptedArchive(server);
    server.on('request', (request, response) => {
      archive.asked.push(request.url ?? '');
      handler(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return archive;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/dicom-web`;
  }

  client(
    options: Partial<DicomWebOptions> = {},
    connection: Partial<HttpConnectionOptions> = {},
  ): DicomWebClient {
    return new DicomWebClient(
      new HttpConnection({ url: this.url, clock: systemClock, ...connection }),
      {
        ...FAST_RETRYING,
        ...options,
      },
    );
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The head of a DICOM file: file meta information with one SOP instance UID, and some pixels. */
export function part10(sopInstanceUid: string, content = 'pixels'): Buffer {
  const uid = Buffer.from(
    sopInstanceUid.padEnd(sopInstanceUid.length + (sopInstanceUid.length % 2), '\0'),
  );
  const head = Buffer.from([0x02, 0x00, 0x03, 0x00, 0x55, 0x49, uid.length, 0x00]);
  return Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), head, uid, Buffer.from(content)]);
}

export const BOUNDARY = 'the-boundary';
export const MULTIPART_TYPE = `multipart/related; type="application/dicom"; boundary=${BOUNDARY}`;

export function multipart(parts: readonly Buffer[], contentType = 'application/dicom'): Buffer {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`\r\n--${BOUNDARY}\r\nContent-Type: ${contentType}\r\n\r\n`),
    part,
  ]);
  return Buffer.concat([...pieces, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)]);
}
