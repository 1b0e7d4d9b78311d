import { toldOf } from '@fedvox/desk/web';
import { useEffect, useState } from 'preact/hooks';
import type { PageFailure } from '../../src/page-contract.js';
import { get } from './calls.js';
import { changes } from './event-poll.js';
import { keptIn } from './kept-in.js';

export interface Followed<T> {
  /** The last that was told, though what came after failed. */
  readonly value?: T;
  readonly failure?: PageFailure;
}

/** Loads again what was loaded before, or some of it; what it has so far can be shown by `tell`. */
export type Load<T> = (
  before: T | undefined,
  signal: AbortSignal,
  tell: (soFar: T) => void,
) => Promise<T>;

/** What `load` gives, and again after every change; one load at a time, and no change is missed. */
export function useFollowed<T>(key: string, load: Load<T>): Followed<T> {
  const [state, setState] = useState<Followed<T> & { readonly key: string }>({ key });
  useEffect(() => {
    const left = new AbortController();
    let value: T | undefined;
    let [isBusy, isDue] = [false, false];
    const look = async () => {
      isDue = true;
      if (isBusy) return;
      isBusy = true;
      while (isDue && !left.signal.aborted) {
        isDue = false;
        try {
          const tell = (soFar: T) => !left.signal.aborted && setState({ key, value: soFar });
          const told = await load(value, left.signal, tell);
          value = told;
          // Nothing is drawn again for what is known.
          const isKnown = (last: typeof state) =>
            last.key === key && last.value === told && last.failure === undefined;
          if (!left.signal.aborted) {
            setState((last) => (isKnown(last) ? last : { key, value: told }));
          }
        } catch (error) {
          if (!left.signal.aborted) {
            setState({ key, ...(value !== undefined && { value }), failure: toldOf(error) });
          }
        }
      }
      isBusy = false;
    };
    const stop = changes.subscribe(() => void look());
    return () => {
      stop();
      left.abort();
    };
  }, [key]);
  // What was told of another thing is not shown for this one.
  return state.key === key ? state : {};
}

export function useFollowedPath<T>(path: string): Followed<T> {
  return useFollowed<T>(path, async (before, signal) => keptIn(before, await get<T>(path, signal)));
}
