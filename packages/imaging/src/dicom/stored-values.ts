import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import type { Frame } from './frame.js';
import { type ValueScale, valueScale } from './stored-samples.js';

/** What is done with slices that say no rescale where one is needed: an error, or their stored values count. */
export type MissingRescale = 'refuse' | 'stored-values';
/** What becomes of pixels of a CT that are none of the patient's: air, or what is stored. */
export type PaddingPolicy = 'air' | 'keep';

/** Modalities whose values are Hounsfield units, or activities, only after a rescale (PS3.3 C.8.2.1, C.8.9.1). */
const RESCALED: readonly string[] = ['CT', 'PT'];
/** What a CT measures, in Hounsfield units: from air as 12 bits store it, to metal. */
const AIR_HU = -1024;
const HIGHEST_HU = 4095;

/**
 * Asserts that a series' values are in units that mean the same on each slice.
 * @throws FedvoxError `missing-rescale`
 */
export function checkRescaled(
  what: string,
  frames: readonly Frame[],
  policy: MissingRescale,
): void {
  const missing = frames.filter(({ isRescaled }) => !isRescaled).length;
  if (missing === 0) return;
  const isNeeded = frames.some(({ modality }) => RESCALED.includes(modality));
  const isMixed = missing < frames.length;
  if (!isMixed && (!isNeeded || policy === 'stored-values')) return;
  throw fail('missing-rescale', { what, missing, slices: frames.length });
}

/** What is to be said of a series' values: how padding is read, and that nothing was mirrored. */
export function valueNotices(
  what: string,
  frames: readonly Frame[],
  policy: PaddingPolicy,
): FedvoxError[] {
  const padded = frames.find((frame) => paddingOf(frame, policy) !== undefined);
  const isShownInverted = frames.some(({ format, isRescaled }) => format.inverted && !isRescaled);
  return [
    ...(padded?.padding === undefined ? [] : [paddingNotice(what, padded, padded.padding[0])]),
    ...(isShownInverted ? [fail('shown-inverted', { what })] : []),
  ];
}

function paddingNotice(what: string, frame: Frame, stored: number): FedvoxError {
  const { gain, offset } = valueScale(frame);
  return fail('padding-as-air', { what, value: gain * stored + offset, air: AIR_HU });
}

/** The padding of a frame that becomes air, all in stored values. */
export interface Padding {
  readonly first: number;
  readonly last: number;
  /** What a CT measures: padding within it may be a measured value, and is left. */
  readonly lowestMeasured: number;
  readonly highestMeasured: number;
  /** What stands for air. */
  readonly air: number;
}

/** The padding of a frame that is to become air: that of a CT, where it is what no CT measures. */
export function paddingOf(frame: Frame, policy: PaddingPolicy): Padding | undefined {
  const { modality, padding } = frame;
  if (policy === 'keep' || modality !== 'CT' || padding === undefined) return undefined;
  const { gain, offset } = valueScale(frame);
  const isMeasured = (stored: number) => {
    const value = gain * stored + offset;
    return value >= AIR_HU && value <= HIGHEST_HU;
  };
  if (gain < 0 || padding.every(isMeasured)) return undefined;
  const [first, last] = padding;
  const air = Math.ceil((AIR_HU - offset) / gain);
  const highestMeasured = Math.floor((HIGHEST_HU - offset) / gain);
  return { first, last, lowestMeasured: air, highestMeasured, air };
}

/**
 * Writes air where there is padding.
 * @param values of the frame, to which `scale` was applied already
 */
export function airInPadding(
  values: Float32Array | Int16Array | Uint16Array,
  padding: Padding,
  { gain, offset }: ValueScale,
): void {
  const scaled = (stored: number) => Math.fround(gain * stored + offset);
  const [first, last, air] = [padding.first, padding.last, padding.air].map(scaled) as [
    ...[number, number, number],
  ];
  const lowest = scaled(padding.lowestMeasured);
  const highest = scaled(padding.highestMeasured);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    if (value < first || value > last) continue;
    if (value < lowest || value > highest) values[at] = air;
  }
}
