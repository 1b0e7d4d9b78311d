import { toldOf } from '@fedvox/desk/web';
import { signal } from '@preact/signals';
import type { CoordinatorEvent, EventsEnd, PageFailure } from '../../src/page-contract.js';
import { get } from './calls.js';

/**
 * The one long poll of this browser: of all its pages that are seen, one holds the lock and polls, and tells the others.
 * A page that is hidden holds nothing and asks for nothing; one that is shown again looks at everything anew.
 */

/** Counts up whenever anything may have changed. */
export const changes = signal(0);
/** Why there is no news; null while there is. */
export const lost = signal<PageFailure | null>(null);

/** Sequence of the last event of any job that was told; 0 while that is not known. */
export let lastSequence = 0;

const LOCK = 'fedvox-event-poll';
const channel = new BroadcastChannel(LOCK);
/** Between two polls: many events in a row are looked at together. */
const LEAST_PAUSE_MS = 400;
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const;

interface PollNews {
  readonly lost: PageFailure | null;
  readonly sequence: number;
}

export async function followEvents(): Promise<never> {
  channel.addEventListener('message', ({ data }: MessageEvent<PollNews>) => take(data));
  for (;;) {
    await shown();
    const hidden = new AbortController();
    const onChange = () => document.hidden && hidden.abort();
    document.addEventListener('visibilitychange', onChange);
    changes.value += 1;
    try {
      await navigator.locks.request(LOCK, { signal: hidden.signal }, () => poll(hidden.signal));
    } catch (error) {
      if (!hidden.signal.aborted) throw error;
    } finally {
      document.removeEventListener('visibilitychange', onChange);
    }
  }
}

async function poll(hidden: AbortSignal): Promise<void> {
  let after: number | undefined;
  for (let failures = 0; !hidden.aborted; ) {
    try {
      after = await nextEvent(after, hidden);
      failures = 0;
      tell({ lost: null, sequence: after });
      await pause(LEAST_PAUSE_MS);
    } catch (error) {
      if (hidden.aborted) return;
      tell({ lost: toldOf(error), sequence: lastSequence });
      await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number);
      failures += 1;
    }
  }
}

/** Sequence of the last event that is known, once there is a next one or the wait is over. */
async function nextEvent(after: number | undefined, hidden: AbortSignal): Promise<number> {
  if (after === undefined) return (await get<EventsEnd>('/api/events/end', hidden)).sequence;
  const events = await get<CoordinatorEvent[]>(`/api/events?after=${after}`, hidden);
  return events.at(-1)?.sequence ?? after;
}

function tell(news: PollNews): void {
  channel.postMessage(news);
  take(news);
}

function take(news: PollNews): void {
  lost.value = news.lost;
  lastSequence = news.sequence;
  if (news.lost === null) changes.value += 1;
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
}

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
