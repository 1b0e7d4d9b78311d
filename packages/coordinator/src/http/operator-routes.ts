import { nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { admissionSchema, operatorCertificateSchema, operatorSchema } from '../rest-contract.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

export function addOperatorRoutes(app: TypedApp, services: HttpServices): void {
  const { operators, caCertificatePem } = services;
  app.get('/v1/operators', { schema: { response: { 200: z.array(operatorSchema) } } }, async () => [
    ...operators.list(),
  ]);
  app.post(
    '/v1/operators',
    { schema: { body: admissionSchema, response: { 201: operatorCertificateSchema } } },
    async ({ body: { name, role, certificateRequestPem } }, reply) => {
      const certificatePem = await operators.admit(name, role, certificateRequestPem);
      reply.status(201);
      return { certificatePem, caCertificatePem };
    },
  );
  app.post(
    '/v1/operators/renewal',
    { schema: { response: { 200: operatorCertificateSchema } } },
    async ({ caller }) => {
      const certificatePem = await operators.renew(caller.certificate);
      return { certificatePem, caCertificatePem };
    },
  );
  app.post(
    '/v1/operators/:name/revoke',
    {
      schema: {
        params: z.strictObject({ name: nameSchema }),
        response: { 200: z.strictObject({ name: z.string() }) },
      },
    },
    async ({ params: { name } }) => {
      await operators.revoke(name);
      return { name };
    },
  );
}
