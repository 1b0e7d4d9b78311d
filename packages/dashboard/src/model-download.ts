import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CoordinatorClient, chooseModel } from '@fedvox/coordinator/client';
import { type DeskAnswer, type DeskRoute, streamAnswer } from '@fedvox/desk';
import { read, SHAPES } from './request-shapes.js';

/** A model of a job as its bytes lie at the coordinator, fetched whole and verified before any of it is passed on. */
export function modelRoute(client: CoordinatorClient): DeskRoute {
  return {
    method: 'GET',
    path: '/api/jobs/:id/model',
    handle: async ({ params, query, signal }) => {
      const { id } = read(SHAPES.job, params);
      const { round } = read(SHAPES.round, query);
      const { sha256 } = chooseModel(await client.job(id, round), round);
      const folder = await mkdtemp(join(tmpdir(), 'fedvox-model-'));
      try {
        const path = join(folder, 'model.safetensors');
        await client.getBlob(sha256, path, signal);
        return await passOn(path, `${id}-round-${round}.safetensors`, folder);
      } catch (error) {
        await rm(folder, { recursive: true });
        throw error;
      }
    },
  };
}

async function passOn(path: string, fileName: string, folder: string): Promise<DeskAnswer> {
  const { size: byteLength } = await stat(path);
  const stream = createReadStream(path);
  // Sent, or no longer wanted: the copy has served its purpose.
  stream.once('close', () => rm(folder, { recursive: true, force: true }));
  return streamAnswer('application/octet-stream', stream, { fileName, byteLength });
}
