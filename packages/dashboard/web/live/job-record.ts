import type { CoordinatorEvent, JobDetails, ModelsPage } from '../../src/page-contract.js';
import { get } from './calls.js';

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
    if (more.length === 0) return soFar();
    events.push(...more);
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

/**
 * What is told anew, in the very objects that told the same before, however deep they lie: whoever draws them goes by
 * whether it is another one.
 */
function keptIn<T>(before: unknown, told: T): T {
  if (!isComposite(before) || !isComposite(told)) return told;
  if (Array.isArray(before) !== Array.isArray(told)) return told;
  // What was just read from an answer is nobody else's yet: it is changed where it lies.
  const now: Record<string, unknown> = told;
  let isSame = Object.keys(before).length === Object.keys(now).length;
  for (const key in now) {
    const kept = keptIn(before[key], now[key]);
    now[key] = kept;
    isSame &&= kept === before[key];
  }
  return isSame ? (before as T) : told;
}

function isComposite(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
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
