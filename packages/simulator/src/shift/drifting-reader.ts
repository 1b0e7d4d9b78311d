import { seededRandom } from '@fedvox/base';
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
