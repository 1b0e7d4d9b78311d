import type { Sha256 } from '@fedvox/base';
import type { JobState } from './job-state.js';
import { isAwaited } from './roll-call.js';
import { roundAwaits } from './round-machine.js';

/** What a job asks of one site now. */
export type SiteTask =
  | { readonly kind: 'check-data' }
  | { readonly kind: 'train' | 'evaluate'; readonly round: number; readonly baseModel: Sha256 };

/**
 * The same answer until the site has answered or the job has moved on: a site that disconnects and
 * returns is simply told again, and one that is late is told the current round.
 */
export function taskOf(state: JobState, site: string): SiteTask | null {
  if (state.status !== 'running') return null;
  const { activity } = state;
  if (activity.kind === 'gate') {
    return isAwaited(activity.rollCall, site) ? { kind: 'check-data' } : null;
  }
  const { number, work, baseModel } = activity.round;
  return roundAwaits(activity.round, site) ? { kind: work, round: number, baseModel } : null;
}
