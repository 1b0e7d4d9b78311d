import { healthSchema } from '../rest-contract.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

/** For monitoring: is it alive, and how is it doing. */
export function addProbeRoutes(app: TypedApp, services: HttpServices): void {
  const { telemetry, store, version, certificateWatch } = services;
  app.get('/healthz', { schema: { response: { 200: healthSchema } } }, async () => {
    // Answers only while the database does.
    await store.facts(0, 1);
    return { status: 'ok', version, warnings: certificateWatch.warnings() };
  });
  app.get('/metrics', async (_, reply) => {
    reply.type(telemetry.registry.contentType);
    return telemetry.registry.metrics();
  });
}
