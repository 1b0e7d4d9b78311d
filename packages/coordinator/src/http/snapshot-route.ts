import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

/** The store as it stands at this moment, for a backup; nothing is removed while one is made. */
export function addSnapshotRoute(app: TypedApp, { store, retention }: HttpServices): void {
  app.post('/v1/snapshot', {}, async (_, reply) => {
    retention.hold();
    const { byteLength, bytes } = await store.snapshot();
    reply.header('content-length', byteLength).type('application/octet-stream');
    return bytes;
  });
}
