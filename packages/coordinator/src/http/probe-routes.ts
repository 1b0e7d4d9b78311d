import { z } from 'zod';
import type { HttpServices } from './services.js';
import type { TypedApp } from './zod-routes.js';

/** For monitoring: is it alive, and how is it doing. */
export function addProbeRoutes(app: TypedApp, { metrics, store, version }: HttpServices): void {
  app.get(
    '/healthz',
    { schema: { response: { 200: z.strictObject({ status: z.string(), version: z.string() }) } } },
    async () => {
      // Answers only while the database does.
      await store.facts(0, 1);
      return { status: 'ok', version };
    },
  );
  app.get('/metrics', async (_, reply) => {
    reply.type(metrics.registry.contentType);
    return metrics.registry.metrics();
  });
}
