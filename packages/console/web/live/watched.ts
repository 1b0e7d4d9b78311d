import { toldOf } from '@fedvox/desk/web';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import { watchedText } from './calls.js';
import { looks } from './present.js';

export interface Watched<T> {
  /** The last that was told, though what came after failed. */
  readonly value?: T;
  readonly failure?: ConsoleFailure;
}

/** What a path tells, looked at again and again while the page is seen; one call at a time. */
export function useWatched<T>(path: string): Watched<T> {
  const [state, setState] = useState<Watched<T> & { readonly path: string }>({ path });
  useEffect(() => {
    const gone = new AbortController();
    let value: T | undefined;
    let text: string | undefined;
    let isBusy = false;
    const look = async () => {
      if (isBusy) return;
      isBusy = true;
      try {
        const told = await watchedText(path, gone.signal);
        // Nothing is drawn again for what is known.
        if (gone.signal.aborted || told === text) return;
        text = told;
        value = JSON.parse(told) as T;
        setState({ path, value });
      } catch (error) {
        if (gone.signal.aborted) return;
        text = undefined;
        setState({ path, ...(value !== undefined && { value }), failure: toldOf(error) });
      } finally {
        isBusy = false;
      }
    };
    const stop = looks.subscribe(() => void look());
    return () => {
      stop();
      gone.abort();
    };
  }, [path]);
  return state.path === path ? state : {};
}
