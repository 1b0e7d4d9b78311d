import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { DIMENSION_NAMES, type DimensionName, type Frame } from './frame.js';

/** Which volume is meant of a series that holds several: `{ EchoTime: 80, ImageType: M }`. */
export type VolumeChoice = Readonly<Partial<Record<DimensionName, number | string>>>;

/** How a value is written that frames of one volume lack and those of another have. */
const ABSENT = 'none';
/** Most attributes that together part a series into volumes. */
const MAX_PARTING_ATTRIBUTES = 3;
/** Values that an error lists. */
const MAX_VALUES_NAMED = 12;
/** What the slices of one volume may differ in: each has its own. */
const OF_A_SLICE: readonly DimensionName[] = ['TriggerTime', 'AcquisitionTime', 'ContentTime'];
/** Of two slices nobody can say whether they are a volume of their own. */
const MIN_INTERLEAVED_SLICES = 3;

/**
 * The frames that are meant, before anything is made of them or counted: those that have the chosen value of
 * each attribute. An attribute of which the series has one value only tells nothing apart in it.
 * @throws FedvoxError `several-volumes` where the series has other values than the chosen one
 */
export function chosenFrames<F extends Pick<Frame, 'dimensions'>>(
  what: string,
  frames: readonly F[],
  choice: VolumeChoice,
): readonly F[] {
  return DIMENSION_NAMES.reduce((left, attribute) => {
    const wanted = choice[attribute];
    if (wanted === undefined) return left;
    const chosen = left.filter((frame) => isMeant(frame, attribute, wanted));
    if (chosen.length > 0) return chosen;
    const byValue = groupBy(left, valueIn([attribute]));
    if (byValue.size <= 1) return left;
    throw severalVolumes(what, [attribute], [...byValue.keys()]);
  }, frames);
}

/** Numbers are equal however they are written; of an image type one of its words will do. */
function isMeant(
  { dimensions }: Pick<Frame, 'dimensions'>,
  attribute: DimensionName,
  wanted: number | string,
) {
  const value = dimensions[attribute];
  if (value === undefined) return String(wanted) === ABSENT;
  if (String(value) === String(wanted)) return true;
  if (attribute === 'ImageType') return String(value).split('\\').includes(String(wanted));
  return String(wanted).trim() !== '' && Number(value) === Number(wanted);
}

/**
 * Asserts that frames are of one volume: that no two lie at one position, and that no attribute parts them
 * into volumes of which one lies between the slices of the other.
 * @param frames in the order of their heights
 * @param isSamePlace whether two heights in mm are one position
 * @throws FedvoxError `several-volumes`; `duplicate-positions` where no attributes give whole volumes
 */
export function checkOneVolume(
  what: string,
  frames: readonly Frame[],
  heightMm: (frame: Frame) => number,
  isSamePlace: (a: number, b: number) => boolean,
): void {
  const isDuplicate = (at: number) =>
    at > 0 && isSamePlace(heightMm(frames[at - 1] as Frame), heightMm(frames[at] as Frame));
  const count = frames.filter((_, at) => isDuplicate(at)).length;
  const differing = DIMENSION_NAMES.filter((name) => groupBy(frames, valueIn([name])).size > 1);
  if (count === 0) {
    const interleaving = differing.find((name) => areInterleaved(frames, name));
    if (interleaving === undefined) return;
    const values = groupBy(frames, valueIn([interleaving])).keys();
    throw severalVolumes(what, [interleaving], [...values]);
  }
  for (const names of combinations(differing)) {
    const byValue = groupBy(frames, valueIn(names));
    if (!areVolumes([...byValue.values()], heightMm, isSamePlace)) continue;
    throw severalVolumes(what, names, [...byValue.keys()]);
  }
  const differsIn = differing.join(', ') || 'no attribute known to this version';
  throw fail('duplicate-positions', { what, count, differsIn });
}

function severalVolumes(
  what: string,
  attributes: readonly DimensionName[],
  values: readonly string[],
): Error {
  const named = values.slice(0, MAX_VALUES_NAMED);
  const more = values.length - named.length;
  return fail('several-volumes', {
    what,
    attribute: attributes.join(' and '),
    volumes: values.length,
    values: named.join(', ') + (more > 0 ? ` and ${more} more` : ''),
  });
}

function valueIn(names: readonly DimensionName[]): (frame: Pick<Frame, 'dimensions'>) => string {
  return ({ dimensions }) => names.map((name) => dimensions[name] ?? ABSENT).join(' and ');
}

/** One attribute, then two together, then three: the fewest that part the volumes are what to choose by. */
function combinations(names: readonly DimensionName[]): DimensionName[][] {
  const all: DimensionName[][] = [[]];
  for (const name of names) all.push(...all.map((some) => [...some, name]));
  return all
    .filter(({ length }) => length > 0 && length <= MAX_PARTING_ATTRIBUTES)
    .sort((a, b) => a.length - b.length);
}

/** Whether these are two or more whole volumes: a frame each at each of the same positions. */
function areVolumes(
  volumes: readonly (readonly Frame[])[],
  heightMm: (frame: Frame) => number,
  isSamePlace: (a: number, b: number) => boolean,
): boolean {
  const [first = [], ...others] = volumes.map((frames) => frames.map(heightMm));
  const isOnce = first.every((height, at) => at === 0 || !isSamePlace(height, first[at - 1]!));
  return (
    others.length > 0 &&
    isOnce &&
    others.every(
      (heights) =>
        heights.length === first.length &&
        heights.every((height, at) => isSamePlace(height, first[at]!)),
    )
  );
}

/** Whether the values of an attribute take turns from slice to slice, as two phases half a slice apart have it. */
function areInterleaved(frames: readonly Frame[], name: DimensionName): boolean {
  if (OF_A_SLICE.includes(name)) return false;
  const values = frames.map(valueIn([name]));
  const turn = new Set(values).size;
  if (frames.length < turn * MIN_INTERLEAVED_SLICES) return false;
  return values.every((value, at) => at < turn || value === values[at - turn]);
}
