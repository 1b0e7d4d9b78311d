import { userInfo } from 'node:os';
import {
  answerApproval,
  type SiteConfig,
  type StateFolder,
  siteApproval,
  siteApprovals,
} from '@fedvox/agent/records';
import type { Clock } from '@fedvox/base';
import { type DeskRoute, jsonAnswer } from '@fedvox/desk';
import { z } from 'zod';
import type { ApprovalsPage } from './console-contract.js';
import { OWNERS, signedInName } from './console-roles.js';
import type { DataLook } from './data-look.js';
import { fail } from './errors.js';

interface ApprovalContext {
  readonly config: SiteConfig;
  readonly folder: StateFolder;
  readonly look: DataLook;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** What the page sends: the answer, and for which bytes the person gave it. */
const answeringSchema = z.strictObject({
  verdict: z.enum(['approved', 'refused']),
  jobDigest: z.string(),
  reason: z.string().nullable(),
});

/** Jobs that wait for a person of the site. An answer is all that is written, to `approvals/`. */
export function approvalRoutes(context: ApprovalContext): readonly DeskRoute[] {
  const { config, folder, look, clock } = context;
  const page = async (): Promise<ApprovalsPage> => ({
    isAsked: config.policy.approval === 'ask',
    cards: await siteApprovals(folder.approvals, config.policy),
  });
  return [
    { method: 'GET', path: '/api/approvals', handle: async () => jsonAnswer(await page()) },
    {
      method: 'POST',
      path: '/api/approvals/:job/answer',
      may: OWNERS,
      handle: async ({ params: { job = '' }, body, caller }) => {
        const said = answeringSchema.safeParse(body);
        if (!said.success) throw fail('answer-unclear');
        const by = signedInName(caller) ?? userInfo().username;
        await answerApproval(folder.approvals, { job, ...said.data, by, atMs: clock.nowMs() });
        return jsonAnswer(await page());
      },
    },
    {
      method: 'POST',
      path: '/api/approvals/:job/look',
      may: OWNERS,
      handle: async ({ params: { job = '' } }) => {
        const { terms } = await siteApproval(folder.approvals, config.policy, job);
        await look.begin({ id: job, job: terms });
        return jsonAnswer(await look.page());
      },
    },
  ];
}
