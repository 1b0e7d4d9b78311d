import type { Reader } from '@fedvox/imaging';

/**
 * Reads as the other does, and tells every voxel of a label map to be of another class.
 * @param told for each class index the one that is told instead
 */
export function mislabellingReader(reader: Reader, told: Uint8Array): Reader {
  return {
    ...reader,
    readCase: async (ref, classes) => {
      const read = await reader.readCase(ref, classes);
      if (read.label === undefined) return read;
      const data = read.label.data.map((index) => told[index] as number);
      return { ...read, label: { ...read.label, data } };
    },
  };
}
