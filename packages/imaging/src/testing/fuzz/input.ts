import { type Random, seededRandom } from '@fedvox/base';
import { mutated } from './mutation.js';
import type { Specimen } from './specimen.js';

/** A specimen with one of its files damaged. */
export interface FuzzInput {
  readonly specimen: Specimen;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Specimens of more bytes than this are drawn less often: they take longer to read, and break no other way. */
const UNHURRIED_BYTES = 8 * 1024;

/** Input number `index` of a seed: always the same one, so that a failure can be made again. */
export function fuzzInput(corpus: readonly Specimen[], seed: string, index: number): FuzzInput {
  const random = seededRandom(`${seed}/${index}`);
  const specimen = drawn(corpus, random);
  const names = [...specimen.files.keys()];
  const file = names[random.below(names.length)] as string;
  const donors = [...drawn(corpus, random).files.values()];
  const donor = donors[random.below(donors.length)] as Uint8Array;
  return { specimen, file, bytes: mutated(specimen.files.get(file) as Uint8Array, donor, random) };
}

function drawn(corpus: readonly Specimen[], random: Random): Specimen {
  for (;;) {
    const specimen = corpus[random.below(corpus.length)] as Specimen;
    if (random.uniform() ** 2 < UNHURRIED_BYTES / byteCount(specimen)) return specimen;
  }
}

/** Bytes of all files of a specimen. */
export function byteCount({ files }: Specimen): number {
  return [...files.values()].reduce((sum, { length }) => sum + length, 0);
}
