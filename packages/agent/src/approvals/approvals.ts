import { encodeJob, type Job } from '@fedvox/job';
import type { GateOutcome, Task } from '../core/task.js';
import { fail } from '../errors.js';
import type { SitePolicy } from '../policy/site-policy.js';
import { type ApprovalCard, approvalCard, askedTerms } from './approval-card.js';
import {
  type ApprovalAnswer,
  type AskedJob,
  askedJobs,
  readAnswer,
  readAsked,
  writeAnswer,
  writeAsked,
} from './approval-files.js';

/** A reason is a sentence for colleagues. */
const MAX_REASON_CHARACTERS = 500;

/**
 * Whether a job may begin at this site, as its people say. Where they have not said yet, they are asked: what
 * they need to decide is left for them on disk.
 * @param parameters how many numbers a model of the job has; only asked for where people are
 */
export async function judgedByPeople(
  folder: string,
  { job: id, jobDigest }: Task,
  job: Job,
  nowMs: number,
  parameters: () => Promise<number>,
): Promise<Extract<GateOutcome, 'pass' | 'refused-by-policy' | 'awaiting-approval'>> {
  const answer = await readAnswer(folder, id);
  if (answer?.jobDigest === jobDigest) {
    return answer.verdict === 'approved' ? 'pass' : 'refused-by-policy';
  }
  const before = await readAsked(folder, id);
  const asked =
    before?.jobDigest === jobDigest
      ? before
      : {
          ...{ job: id, jobDigest, askedAtMs: nowMs, parameters: await parameters() },
          jobText: Buffer.from(encodeJob(job)).toString('utf8'),
        };
  await writeAsked(folder, { ...asked, lastAskedAtMs: nowMs });
  return 'awaiting-approval';
}

/** All that was asked and is still kept, those without an answer first, then the one offered last first. */
export async function siteApprovals(
  folder: string,
  policy: SitePolicy,
): Promise<readonly ApprovalCard[]> {
  const cards: ApprovalCard[] = [];
  for (const job of await askedJobs(folder)) {
    const asked = await readAsked(folder, job);
    if (asked !== undefined) cards.push(approvalCard(asked, await readAnswer(folder, job), policy));
  }
  const isAnswered = ({ answer }: ApprovalCard) => Number(answer !== null);
  return cards.sort((a, b) => isAnswered(a) - isAnswered(b) || b.lastAskedAtMs - a.lastAskedAtMs);
}

/** One of them, with the job itself. @throws FedvoxError `agent/no-such-approval` */
export async function siteApproval(
  folder: string,
  policy: SitePolicy,
  job: string,
): Promise<{ readonly card: ApprovalCard; readonly terms: Job }> {
  const asked = await askedAbout(folder, job);
  const card = approvalCard(asked, await readAnswer(folder, job), policy);
  return { card, terms: askedTerms(asked) };
}

export interface Answering extends Omit<ApprovalAnswer, 'jobDigest'> {
  /** Of the job that the person was shown; whichever lies there where absent. */
  readonly jobDigest?: string | undefined;
}

/**
 * Keeps what a person of the site answers: durably, and bound to the job's very bytes. A running agent heeds it
 * when the job is next offered; a later answer replaces it.
 * @throws FedvoxError `agent/no-such-approval`, `agent/approval-changed`, `agent/reason-too-long`
 */
export async function answerApproval(folder: string, said: Answering): Promise<ApprovalAnswer> {
  const { job, reason } = said;
  const { jobDigest } = await askedAbout(folder, job);
  if (said.jobDigest !== undefined && said.jobDigest !== jobDigest) {
    throw fail('approval-changed', { job });
  }
  if (reason !== null && reason.length > MAX_REASON_CHARACTERS) {
    throw fail('reason-too-long', { length: reason.length, most: MAX_REASON_CHARACTERS });
  }
  const answer = { ...said, jobDigest };
  await writeAnswer(folder, answer);
  return answer;
}

/** Looked up by what is listed, so that no other file is reached by what somebody typed. */
async function askedAbout(folder: string, job: string): Promise<AskedJob> {
  const isListed = (await askedJobs(folder)).includes(job);
  const asked = isListed ? await readAsked(folder, job) : undefined;
  if (asked === undefined) throw fail('no-such-approval', { job: job.slice(0, 80) });
  return asked;
}
