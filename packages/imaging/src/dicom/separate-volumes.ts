import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import type { DimensionName, Frame } from './frame.js';

/** Which volume is meant of a series that holds several at the same positions: `{ EchoTime: 80 }`. */
export type VolumeChoice = Readonly<Partial<Record<DimensionName, number | string>>>;

/** How a value is written that frames of one volume lack and those of another have. */
const ABSENT = 'none';

/**
 * The frames of one volume: all of them or, where one attribute parts them into several complete volumes
 * at the same positions, those with the value that was chosen for it.
 * @param frames in the order of their heights
 * @param isSamePlace whether two heights in mm are one position
 * @throws FedvoxError `several-volumes` where none of them was chosen, `duplicate-positions` where no
 *   attribute gives whole volumes
 */
export function oneVolume(
  what: string,
  frames: readonly Frame[],
  heightMm: (frame: Frame) => number,
  isSamePlace: (a: number, b: number) => boolean,
  choice: VolumeChoice,
): readonly Frame[] {
  const isDuplicate = (at: number) =>
    at > 0 && isSamePlace(heightMm(frames[at - 1] as Frame), heightMm(frames[at] as Frame));
  const count = frames.filter((_, at) => isDuplicate(at)).length;
  if (count === 0) return frames;
  const names = Object.keys((frames[0] as Frame).dimensions) as DimensionName[];
  const partings = names
    .map((attribute) => ({ attribute, byValue: groupBy(frames, valueIn(attribute)) }))
    .filter(({ byValue }) => areVolumes([...byValue.values()], heightMm, isSamePlace));
  const [first] = partings;
  if (first === undefined) {
    throw fail('duplicate-positions', { what, count, differsIn: differsIn(frames, names) });
  }
  const { attribute, byValue } = partings.find((each) => each.attribute in choice) ?? first;
  const chosen = byValue.get(String(choice[attribute]));
  if (chosen !== undefined) return chosen;
  const values = [...byValue.keys()].join(', ');
  throw fail('several-volumes', { what, attribute, volumes: byValue.size, values });
}

function valueIn(attribute: DimensionName): (frame: Frame) => string {
  return ({ dimensions }) => String(dimensions[attribute] ?? ABSENT);
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

/** The attributes in which frames at one position differ: the dimension that has to be split. */
function differsIn(frames: readonly Frame[], names: readonly DimensionName[]): string {
  const differing = names.filter((name) => new Set(frames.map(valueIn(name))).size > 1);
  return differing.join(', ') || 'no attribute known to this version';
}
