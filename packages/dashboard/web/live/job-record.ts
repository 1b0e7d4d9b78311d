import type { CoordinatorEvent, JobDetails, ModelsPage } from '../../src/page-contract.js';
import { get } from './calls.js';
import { lastSequence } from './event-poll.js';
import { keptIn } from './kept-in.js';

/** All that is told of a job. */
export interface FollowedJob {
  readonly details: JobDetails;
  readonly events: readonly CoordinatorEvent[];
}

/** The last models may have got figures since; those before them stay as they are. */
const OPEN_MODELS = 2;

/** While a long table comes in, it is drawn so often. */
const TELL_EVERY_MS = 500;

/** A job from the beginning, or what is new of it. */
export async function loadJob(
  id: string,
  before: FollowedJob | undefined,
  signal: AbortSignal,
  tell: (soFar: FollowedJob) => void,
): Promise<FollowedJob> {
  const path = `/api/jobs/${encodeURIComponent(id)}`;
  const known: JobDetails['rounds'] = before?.details.rounds ?? [];
  const from = Math.max(0, known.length - OPEN_MODELS);
  const told = await get<JobDetails>(`${path}?from=${from}`, signal);
  const first =
    before === undefined ? told : keptIn({ ...before.details, rounds: known.slice(from) }, told);
  const rounds = [...known.slice(0, from), ...first.rounds];
  const events = [...(before?.events ?? [])];
  // What was told stays as it was told: whoever shows it goes by whether it is another one.
  const soFar = () => ({
    details: { ...first, rounds: sameItems(known, rounds) ? known : [...rounds] },
    events: sameItems(before?.events ?? [], events) ? (before?.events ?? []) : [...events],
  });
  const tellSometimes = before === undefined ? sometimes(() => tell(soFar())) : () => undefined;
  tellSometimes();
  for (let next = first.nextRound; next !== null; ) {
    const more: ModelsPage = await get(`${path}/models?from=${next}`, signal);
    rounds.push(...more.rounds);
    next = more.nextRound;
    tellSometimes();
  }
  // A long history takes a while; the figures need not wait for it.
  if (before === undefined) tell(soFar());
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0;
    const more = await get<CoordinatorEvent[]>(`${path}/events?after=${after}`, signal);
    events.push(...more);
    // What comes after those that are known is told as a change, which is looked at for itself.
    const isWhole = more.at(-1)?.sequence === lastSequence;
    if (more.length === 0 || isWhole) return soFar();
  }
}

/** Of lists that are only added to, but for the last rows, which may be others. */
function sameItems<T>(before: readonly T[], now: readonly T[]): boolean {
  const lastOnes = Math.max(0, now.length - OPEN_MODELS);
  return (
    before.length === now.length &&
    now.slice(lastOnes).every((item, index) => before[lastOnes + index] === item)
  );
}

/** Does it at once, and then leaves out what comes too soon after the last time. */
function sometimes(action: () => void): () => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < TELL_EVERY_MS) return;
    lastMs = nowMs;
    action();
  };
}
