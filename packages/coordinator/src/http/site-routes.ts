import { nameSchema } from '@fedvox/job';
import { z } from 'zod';
import { invitationSchema, inviteSchema, siteSchema } from '../rest-contract.js';
import { leaveOut } from '../shell/memberships.js';
import { listSites } from '../shell/site-list.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

export function addSiteRoutes(app: TypedApp, services: HttpServices): void {
  const { sites, registry, federation } = services;
  app.post(
    '/v1/sites',
    { schema: { body: inviteSchema, response: { 201: invitationSchema } } },
    async ({ body: { site, replace } }, reply) => {
      const { token, expiresAtMs } = await sites.invite(site, replace);
      reply.status(201);
      const { enrollmentAddress, federationAddress, caCertificatePem } = services;
      return {
        site,
        federation,
        token,
        expiresAtMs,
        enrollmentAddress,
        federationAddress,
        caCertificatePem,
      };
    },
  );
  app.get('/v1/sites', { schema: { response: { 200: z.array(siteSchema) } } }, async () =>
    listSites(services),
  );
  app.post(
    '/v1/sites/:site/revoke',
    {
      schema: {
        params: z.strictObject({ site: nameSchema }),
        response: { 200: z.strictObject({ site: z.string() }) },
      },
    },
    async ({ params: { site }, caller }) => {
      await sites.revoke(site);
      await leaveOut(site, registry, caller.name);
      return { site };
    },
  );
}
