import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { randomId } from '@fedvox/base/system';
import { INCOMING_FOLDER } from '../store/state-files.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

/** The database as it stands at this moment, for a backup; nothing is removed while one is made. */
export function addSnapshotRoute(
  app: TypedApp,
  { store, stateDir, retention }: HttpServices,
): void {
  app.post('/v1/snapshot', {}, async (_, reply) => {
    retention.hold();
    const path = join(stateDir, INCOMING_FOLDER, `${randomId()}.sqlite`);
    try {
      await store.snapshot(path);
      const { size } = await stat(path);
      const file = await open(path, 'r');
      reply.header('content-length', size).type('application/octet-stream');
      return createReadStream(path, { fd: file });
    } finally {
      // Whoever reads it has it open; the name is not needed any more.
      await rm(path, { force: true });
    }
  });
}
