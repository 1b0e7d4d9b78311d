import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { SHA256_PATTERN } from '@fedvox/base';
import { z } from 'zod';
import { fail } from '../errors.js';
import { blobLength } from '../store/blob-store.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

const params = z.strictObject({
  sha256: z.string().regex(SHA256_PATTERN, 'must be a SHA-256 in lower-case hexadecimal'),
});

/** Models in and out, by their digest, streamed. */
export function addBlobRoutes(app: TypedApp, { blobs, store, maxModelBytes }: HttpServices): void {
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) =>
    done(null, payload),
  );
  app.put(
    '/v1/blobs/:sha256',
    {
      // Not fastify's to judge: the store counts the bytes as they come and refuses by name.
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: { params, response: { 201: z.strictObject({ sha256: z.string() }) } },
    },
    async ({ params: { sha256 }, body }, reply) => {
      const bytes = body as Readable;
      try {
        await blobs.put(sha256, bytes.iterator({ destroyOnReturn: false }), maxModelBytes);
      } catch (error) {
        // A client that is cut off while it still sends would never read why.
        bytes.resume();
        throw error;
      }
      reply.status(201);
      return { sha256 };
    },
  );
  app.get('/v1/blobs/:sha256', { schema: { params } }, async ({ params: { sha256 } }, reply) => {
    const found = await blobs.find(sha256);
    const removedAtMs = found === undefined ? await store.removedAtMs(sha256) : undefined;
    if (removedAtMs !== undefined) {
      throw fail('blob-removed', { sha256, removedAt: new Date(removedAtMs).toISOString() });
    }
    const byteLength = await blobLength(blobs, sha256);
    reply.header('content-length', byteLength).type('application/octet-stream');
    return createReadStream(await blobs.path(sha256));
  });
}
