import { canonicalJson, seededRandom, sha256 } from '@fedvox/base';
import { type Reader, valuesOf } from '@fedvox/imaging';
import type { Drift } from '../scenario/drift.js';
import { driftedImage } from './drifted-image.js';

/** Reads as the other does, and shows every image as a scanner that has drifted would. Same seed, same voxels. */
export function driftingReader(reader: Reader, drift: Drift, seed: string): Reader {
  return {
    ...reader,
    readCase: async (ref, classes) => {
      const read = await reader.readCase(ref, classes);
      const random = seededRandom(`${seed}/drift/${ref.caseId}`);
      return { ...read, image: driftedImage(valuesOf(read.image), drift, random) };
    },
  };
}

/** A folder's name of its own: a cache knows cases by their files, and these show them otherwise. */
export function driftName(drift: Drift, seed: string): string {
  return `drift-${sha256(canonicalJson({ drift: { ...drift }, seed })).slice(0, 16)}`;
}
