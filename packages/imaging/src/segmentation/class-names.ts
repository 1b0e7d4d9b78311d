import { fail } from '../errors.js';
import { type Refusal, refusalOf } from '../refusal.js';

/**
 * A site's names for structures → the job's class names. In a name `*` stands for any text: what it matches
 * forms one class, in one file or in several. A name as it is written goes before a pattern, and patterns go
 * in their order.
 */
export type LabelNames = Readonly<Record<string, string>>;

/** A named segment or label value of one file. */
export interface NamedLabel {
  /** Segment number or voxel value in the file. */
  readonly value: number;
  readonly name: string;
}

/**
 * Value in the file → class index of the job; 0 for a label that is no class of the job. A value that
 * the file does not declare is not here.
 */
export type ClassOfValue = ReadonlyMap<number, number>;

/** The class a site's label stands for: as mapped, else its own name in the job's spelling. */
export function className(label: string, names: LabelNames): string {
  if (Object.hasOwn(names, label)) return names[label] as string;
  const pattern = patternOf(label, names);
  return pattern === undefined
    ? label.trim().toLowerCase().replaceAll(/\s+/g, '-')
    : (names[pattern] as string);
}

/** The pattern that decides what a label stands for, if one does. */
function patternOf(label: string, names: LabelNames): string | undefined {
  if (Object.hasOwn(names, label)) return undefined;
  return Object.keys(names).find((name) => name.includes('*') && matches(label, name));
}

/** Piece by piece, so that no text takes long. */
function matches(label: string, pattern: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  if (!label.startsWith(first)) return false;
  const last = others.pop() ?? '';
  let at = first.length;
  for (const piece of others) {
    const found = label.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return label.length - last.length >= at && label.endsWith(last);
}

/** Classes where no job names them: background, and every other label as a class of its own. */
export function ownClasses(labels: readonly NamedLabel[], names: LabelNames = {}): string[] {
  return [...new Set(['background', ...labels.map(({ name }) => className(name, names))])];
}

/** Assigns labels to the job's foreground classes; labels that are no class of the job to background. */
export function classesOf(
  labels: readonly NamedLabel[],
  names: LabelNames,
  classes: readonly string[],
): ClassOfValue {
  return new Map(
    labels.map(({ value, name }) => [value, Math.max(0, classes.indexOf(className(name, names)))]),
  );
}

/** Most names that an error lists. */
const MAX_NAMES_LISTED = 20;

/** What is said of a site's names that match no label at all of a data set: a slip of the pen, most likely. */
export function unmatched(
  path: string,
  names: LabelNames,
  labels: readonly NamedLabel[],
): Refusal[] {
  const present = [...new Set(labels.map(({ name }) => name))];
  const isMet = (name: string) =>
    present.includes(name) || (name.includes('*') && present.some((each) => matches(each, name)));
  const listed = present.slice(0, MAX_NAMES_LISTED).join(', ') || 'none';
  return Object.keys(names)
    .filter((name) => !isMet(name))
    .map((name) => refusalOf(path, fail('label-unmatched', { name, path, present: listed })));
}

/** What one label file of a case has of the job's classes. */
export interface LabelSource {
  readonly path: string;
  readonly classOf: ClassOfValue;
  /** What is drawn in it. */
  readonly labels: readonly NamedLabel[];
  /** What it names and does not draw of this scan, and why that is. */
  readonly undrawn?: readonly { readonly name: string; readonly why: string }[];
}

/**
 * Asserts that every foreground class has a label over all label files of a case, and that no two files
 * draw the same one, unless a pattern of the site's joins them: by one name they may be two lesions as well as
 * two persons' views of one, and only the site can say.
 * @throws FedvoxError `ambiguous-label`; `label-classes` unless `missingLabels` is `empty`
 */
export function checkClassesCovered(
  what: string,
  sources: readonly LabelSource[],
  names: LabelNames,
  classes: readonly string[],
  missingLabels: 'refuse' | 'empty',
): void {
  for (const [classIndex, name] of classes.entries()) {
    if (classIndex === 0) continue;
    const drawing = sources
      .map(({ labels, classOf }) => labels.filter(({ value }) => classOf.get(value) === classIndex))
      .filter((labels) => labels.length > 0);
    const isJoined = drawing.flat().every((label) => patternOf(label.name, names) !== undefined);
    if (drawing.length > 1 && !isJoined) throw fail('ambiguous-label', { what, class: name });
  }
  const found = new Set(
    sources.flatMap(({ labels, classOf }) => labels.map(({ value }) => classOf.get(value))),
  );
  const missing = classes.filter((_, classIndex) => classIndex > 0 && !found.has(classIndex));
  if (missing.length === 0 || missingLabels === 'empty') return;
  const present = sources.flatMap(({ labels }) => labels.map(({ name }) => name));
  const undrawn = sources.flatMap(({ undrawn = [] }) =>
    undrawn.map(({ name, why }) => `${name} (${why})`),
  );
  throw fail('label-classes', {
    path: sources.map(({ path }) => path).join(', '),
    missing: missing.join(', '),
    present: [...present, ...undrawn].join(', ') || 'none',
  });
}
