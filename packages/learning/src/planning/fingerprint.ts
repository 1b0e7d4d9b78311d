import { assert, quantileOf } from '@fedvox/base';
import {
  type CaseRef,
  type LabelledCase,
  loadCase,
  openDataset,
  preprocess,
  spacingMm,
} from '@fedvox/imaging';
import type { Job, PreprocessStep, Size, SpacingMm } from '@fedvox/job';
import { fail } from '../errors.js';
import type { SeveralSites } from '../tasks/several-sites.js';

/** What decides about a job is known of data by these figures; they stay where the data is. */
export interface Fingerprint {
  readonly cases: number;
  /** DICOM's code, the same of all; undefined where no file says. */
  readonly modality: Job['data']['modality'];
  /** Along right, anterior and superior, of each case. */
  readonly spacingsMm: readonly SpacingMm[];
  /** Voxels of each case, what is empty around it cut off. */
  readonly sizes: readonly Size[];
  /** The part of a scan that is left by that, at its median; 1 where nothing is cut off. */
  readonly keptPart: number;
  /** Of the voxels of all structures, in the scanner's units. */
  readonly intensities: Intensities;
}

export interface Intensities {
  readonly mean: number;
  /** Of the population. */
  readonly standardDeviation: number;
  /** The 0.5 and 99.5 percentiles. */
  readonly low: number;
  readonly high: number;
}

/** Voxels of a case's structures that are looked at, as many as nnU-Net does. */
const VOXELS_A_CASE = 10_000;
const ORIENT: PreprocessStep = { kind: 'orient', axes: 'RAS' };
/** In a CT air is a value like others. */
const CUT_OFF: PreprocessStep = { kind: 'crop-foreground', above: 0, marginVoxels: 0 };

interface Sources extends Pick<SeveralSites, 'datasets' | 'signal' | 'onProgress'> {
  /** Class names by label value, background first. */
  readonly classes: readonly string[];
}

/**
 * Reads every labelled case once, one after the other.
 * @throws FedvoxError `learning/nothing-to-plan`, `learning/mixed-modalities`
 */
export async function takeFingerprint(input: Sources): Promise<Fingerprint> {
  const found = await Promise.all(input.datasets.map((spec) => openDataset(spec, input.classes)));
  const refs = found.flatMap(({ cases }) => cases);
  const modality = commonModality(refs);
  const looked: LookedAt[] = [];
  for (const [at, ref] of refs.entries()) {
    input.signal?.throwIfAborted();
    const one = await loadCase(ref, input.classes);
    assert(one.label !== undefined, 'a case is looked for with its label');
    looked.push(lookAt({ ...one, label: one.label }, modality));
    input.onProgress?.({ phase: 'preparing', done: at + 1, total: refs.length });
  }
  const values = looked.flatMap(({ values }) => values).sort((a, b) => a - b);
  if (values.length === 0) {
    const [first] = found.flatMap(({ refused }) => refused);
    const why = first === undefined ? '' : `. Refused: ${first.what}: ${first.reason}`;
    throw fail('nothing-to-plan', { cases: refs.length, why });
  }
  const keptParts = looked.map(({ keptPart }) => keptPart).sort((a, b) => a - b);
  return {
    cases: looked.length,
    modality,
    spacingsMm: looked.map(({ spacing }) => spacing),
    sizes: looked.map(({ size }) => size),
    keptPart: quantileOf(keptParts, 0.5),
    intensities: intensitiesOf(values),
  };
}

interface LookedAt {
  readonly spacing: SpacingMm;
  readonly size: Size;
  readonly keptPart: number;
  readonly values: readonly number[];
}

function lookAt(stored: LabelledCase, modality: Fingerprint['modality']): LookedAt {
  const whole = preprocess(stored, [ORIENT]);
  const kept = modality === 'CT' ? whole : preprocess(whole, [CUT_OFF]);
  return {
    spacing: [...spacingMm(whole.image)],
    size: [...kept.image.shape],
    keptPart: kept.image.data.length / whole.image.data.length,
    values: structureValues(whole),
  };
}

/** Evenly spread over the voxels of all structures. */
function structureValues({ image, label }: LabelledCase): number[] {
  const voxels = label.data.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  const step = Math.max(1, voxels / VOXELS_A_CASE);
  const values: number[] = [];
  let seen = 0;
  for (let at = 0; at < label.data.length; at++) {
    if (label.data[at] === 0) continue;
    if (seen >= values.length * step) values.push(image.data[at] as number);
    seen++;
  }
  return values;
}

/** @param sorted rising, and not empty */
function intensitiesOf(sorted: readonly number[]): Intensities {
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    mean,
    standardDeviation: Math.sqrt(squares / sorted.length),
    low: quantileOf(sorted, 0.005),
    high: quantileOf(sorted, 0.995),
  };
}

function commonModality(refs: readonly CaseRef[]): Fingerprint['modality'] {
  const found = [...new Set(refs.map(({ modality }) => modality))];
  if (found.length > 1) {
    const names = found.map((each) => each ?? 'unknown').sort();
    throw fail('mixed-modalities', { modalities: names.join(', ') });
  }
  const [only] = found;
  return only === 'MR' || only === 'CT' || only === 'PT' ? only : undefined;
}
