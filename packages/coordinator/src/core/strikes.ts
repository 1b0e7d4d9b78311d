import { isRefusal, type RefusalCode } from '@fedvox/protocol';
import type { JobEvent, JobState } from './job-state.js';
import { taskOf } from './tasks.js';

/** A round does not wait for a site that has spoilt this many updates since its last good one. */
export const MAX_SPOILT_UPDATES = 3;

/** Refusals of what was delivered, as against when or by whom. */
const SPOILT: readonly RefusalCode[] = [
  'delta-too-large',
  'delta-digest-mismatch',
  'delta-not-safetensors',
  'delta-shape-mismatch',
  'delta-not-finite',
];

/** Whether an update that was refused so counts against its site. */
export function isSpoilt(error: unknown): boolean {
  return SPOILT.some((code) => isRefusal(error, code));
}

/**
 * What a spoilt update means for the job that it was for: after too many, its round goes on without
 * the site. Null while the site is given another try, or where nothing is asked of it.
 * @param strikes updates that the site has spoilt since its last good one, of whatever job, this one included
 */
export function eventOfStrike(
  strikes: number,
  state: JobState,
  site: string,
  nowMs: number,
): JobEvent | null {
  if (strikes < MAX_SPOILT_UPDATES || taskOf(state, site, nowMs)?.kind !== 'train') return null;
  return { kind: 'site-answered', site, answer: { kind: 'given-up' }, nowMs };
}
