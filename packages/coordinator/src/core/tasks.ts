import type { Sha256 } from '@fedvox/base';
import type { JobState } from './job-state.js';
import { roundOffers } from './round-machine.js';
import { isAskedAtGate } from './standing.js';

/** What a job asks of one site now. */
export type SiteTask =
  | { readonly kind: 'check-data' }
  | { readonly kind: 'train' | 'evaluate'; readonly round: number; readonly baseModel: Sha256 };

/**
 * The same answer until the site has answered or the job has moved on: a site that disconnects and
 * returns is simply told again, and one that is late is told the current round. What a site could not
 * do for a reason that passes is asked of it again after a while.
 */
export function taskOf(state: JobState, site: string, nowMs: number): SiteTask | null {
  if (state.status !== 'running') return null;
  const { activity } = state;
  if (activity.kind === 'round' && roundOffers(activity.round, site, nowMs)) {
    const { number, work, baseModel } = activity.round;
    return { kind: work, round: number, baseModel };
  }
  return isAskedAtGate(state, site, nowMs) ? { kind: 'check-data' } : null;
}
