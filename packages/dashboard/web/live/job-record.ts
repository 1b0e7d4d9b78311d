import type { CoordinatorEvent, JobDetails } from '../../src/page-contract.js';
import { get } from './calls.js';

/** All that is told of a job. */
export interface FollowedJob {
  readonly details: JobDetails;
  readonly events: readonly CoordinatorEvent[];
}

/** The last models may have got figures since; those before them stay as they are. */
const OPEN_MODELS = 2;

/** A job from the beginning, or what is new of it. */
export async function loadJob(
  id: string,
  before: FollowedJob | undefined,
  signal: AbortSignal,
  tell: (soFar: FollowedJob) => void,
): Promise<FollowedJob> {
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const known = before?.details.rounds ?? [];
  let from: number | null = Math.max(0, known.length - OPEN_MODELS);
  const rounds = known.slice(0, from);
  let details: JobDetails | undefined;
  while (from !== null) {
    details = await get<JobDetails>(`${path}?from=${from}`, signal);
    rounds.push(...details.rounds);
    from = details.nextRound;
  }
  const whole = { ...(details as JobDetails), rounds };
  const events = [...(before?.events ?? [])];
  // A long history takes a while; the figures need not wait for it.
  if (before === undefined) tell({ details: whole, events });
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0;
    const more = await get<CoordinatorEvent[]>(`${path}/events?after=${after}`, signal);
    if (more.length === 0) break;
    events.push(...more);
  }
  return { details: whole, events };
}
