import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type DeskRoute, jsonAnswer } from '@fedvox/desk';
import { createInvitation } from '@fedvox/pki';
import { fail } from './errors.js';
import type { InvitationFile } from './page-contract.js';
import { read, SHAPES } from './request-shapes.js';

const JOB_ORDERS = { pause: 'pauseJob', resume: 'resumeJob', abort: 'abortJob' } as const;
const UPDATE_ORDERS = { release: 'releaseUpdate', quarantine: 'quarantineUpdate' } as const;
const keysOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

/** What the page can order; whether its person may is the coordinator's to say. */
export function orderRoutes(client: CoordinatorClient): DeskRoute[] {
  return [
    ...keysOf(JOB_ORDERS).map((order) => jobOrder(client, order)),
    ...keysOf(UPDATE_ORDERS).map((order) => updateOrder(client, order)),
    {
      method: 'POST',
      path: '/api/jobs/:id/sites',
      handle: async ({ params, body }) => {
        const { site } = read(SHAPES.site, body);
        return jsonAnswer(await client.inviteToJob(read(SHAPES.job, params).id, site));
      },
    },
    {
      method: 'POST',
      path: '/api/sites',
      handle: async ({ body }) => {
        const { site, replace } = read(SHAPES.invitation, body);
        return jsonAnswer(await invite(client, site, replace));
      },
    },
    {
      method: 'POST',
      path: '/api/sites/:site/revoke',
      handle: async ({ params, body }) => {
        const { site } = read(SHAPES.site, params);
        const { typed } = read(SHAPES.revocation, body);
        if (typed !== site) throw fail('name-not-typed', { site, typed });
        await client.revokeSite(site);
        return jsonAnswer({ site });
      },
    },
  ];
}

function jobOrder(client: CoordinatorClient, order: keyof typeof JOB_ORDERS): DeskRoute {
  return {
    method: 'POST',
    path: `/api/jobs/:id/${order}`,
    handle: async ({ params }) =>
      jsonAnswer(await client[JOB_ORDERS[order]](read(SHAPES.job, params).id)),
  };
}

function updateOrder(client: CoordinatorClient, order: keyof typeof UPDATE_ORDERS): DeskRoute {
  return {
    method: 'POST',
    path: `/api/jobs/:id/${order}`,
    handle: async ({ params, body }) => {
      const { round, site } = read(SHAPES.update, body);
      return jsonAnswer(
        await client[UPDATE_ORDERS[order]](read(SHAPES.job, params).id, round, site),
      );
    },
  };
}

/** The file that a hospital enrols with, as `fedvox site invite` writes it. */
async function invite(
  client: CoordinatorClient,
  site: string,
  replace: boolean,
): Promise<InvitationFile> {
  const { expiresAtMs, ...invitation } = await client.inviteSite(site, replace);
  const expiresAt = new Date(expiresAtMs).toISOString();
  const text = createInvitation({ ...invitation, expiresAt });
  return { site, fileName: `${site}.invitation.json`, text, expiresAtMs };
}
