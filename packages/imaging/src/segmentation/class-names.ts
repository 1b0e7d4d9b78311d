import { fail } from '../errors.js';

/** A site's names for structures → the job's class names. */
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
  return names[label] ?? label.trim().toLowerCase().replaceAll(/\s+/g, '-');
}

/** Classes where no job names them: background, and every other label as a class of its own. */
export function ownClasses(labels: readonly NamedLabel[], names: LabelNames = {}): string[] {
  const foreground = labels.filter(({ value }) => value !== 0);
  return [...new Set(['background', ...foreground.map(({ name }) => className(name, names))])];
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

/**
 * Asserts that every foreground class has exactly one label, over all label files of a case.
 * @throws FedvoxError `ambiguous-label`; `label-classes` unless `missingLabels` is `empty`
 */
export function checkClassesCovered(
  what: string,
  sources: readonly {
    readonly path: string;
    readonly classOf: ClassOfValue;
    readonly labels: readonly NamedLabel[];
  }[],
  classes: readonly string[],
  missingLabels: 'refuse' | 'empty',
): void {
  const found = sources.flatMap(({ classOf }) => [...classOf.values()].filter((each) => each > 0));
  const twice = found.find((classIndex, at) => found.indexOf(classIndex) !== at);
  if (twice !== undefined) throw fail('ambiguous-label', { what, class: classes[twice] as string });
  const missing = classes.filter((_, classIndex) => classIndex > 0 && !found.includes(classIndex));
  if (missing.length === 0 || missingLabels === 'empty') return;
  const present = sources.flatMap(({ labels }) => labels.map(({ name }) => name));
  throw fail('label-classes', {
    path: sources.map(({ path }) => path).join(', '),
    missing: missing.join(', '),
    present: present.join(', ') || 'none',
  });
}
