import { assert } from '@fedvox/base';
import { VALUES_PER_SLICE } from '@fedvox/weights';
import type { Float64Reader } from './mean-delta.js';
import type { SiteUpdate } from './strategy.js';

/** The same values of every update, from `start` on, in the updates' order. */
interface Stretch {
  readonly start: number;
  readonly deltas: readonly Float32Array[];
}

/**
 * Values [from, to) of every update's tensor, in stretches that are the shorter the more updates there
 * are: all of them together hold no more than one slice.
 */
export async function* sideBySide(
  updates: readonly Pick<SiteUpdate, 'delta'>[],
  name: string,
  from: number,
  to: number,
): AsyncGenerator<Stretch> {
  const length = Math.max(1, Math.floor(VALUES_PER_SLICE / updates.length));
  for (let start = from; start < to; start += length) {
    const end = Math.min(start + length, to);
    const deltas: Float32Array[] = [];
    // One after the other: of many sites not every file may be open at once.
    for (const { delta } of updates) deltas.push(await delta.read(name, start, end));
    assert(
      deltas.every((delta) => delta.length === end - start),
      'an accepted delta has the base model’s shapes',
    );
    yield { start, deltas };
  }
}

/** What a rule makes of every value by itself, of what all updates say of it in ascending order. */
export function valueByValue(
  updates: readonly SiteUpdate[],
  rule: (ascending: Float64Array) => number,
): Float64Reader {
  return async (name, from, to) => {
    const values = new Float64Array(to - from);
    const ascending = new Float64Array(updates.length);
    for await (const { start, deltas } of sideBySide(updates, name, from, to)) {
      const length = deltas[0]?.length ?? 0;
      for (let i = 0; i < length; i++) {
        for (let site = 0; site < deltas.length; site++) {
          ascending[site] = (deltas[site] as Float32Array)[i] as number;
        }
        values[start - from + i] = rule(ascending.sort());
      }
    }
    return values;
  };
}
