import { sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { className } from '../segmentation/class-names.js';
import type { CaseRef, Dataset } from './case-ref.js';
import { classByAttribute } from './class-attribute.js';
import { type ClassLine, type ClassList, readClassList } from './class-list.js';
import { caseIdOf } from './listed-cases.js';
import type { ResolvedDatasetSpec } from './spec.js';

/** What a data set says of its cases' classes. */
type ClassRules = Pick<ResolvedDatasetSpec, 'kind' | 'path' | 'labels' | 'caseClasses'>;

/** What says the classes of a site's cases, asked for one after the other. */
export interface CaseClassifier {
  /**
   * The class of a case, as an index of the job's.
   * @throws FedvoxError `case-class-missing`, `case-class-conflict`, `case-class-unknown`; as `classByAttribute`
   */
  classOf(ref: CaseRef): Promise<number>;
  /** What is said of a list's lines that are of none of the cases so far. */
  strays(): Refusal[];
}

/**
 * @param classes the job's class names
 * @throws FedvoxError `no-class-list`, and as `readClassList`
 */
export async function openCaseClassifier(
  rules: ClassRules,
  classes: readonly string[],
): Promise<CaseClassifier> {
  const { path, caseClasses } = rules;
  if (caseClasses === undefined) throw fail('no-class-list', { path });
  if ('attribute' in caseClasses) {
    return { classOf: (ref) => classByAttribute(ref, caseClasses, classes), strays: () => [] };
  }
  const list = await readClassList(caseClasses.file);
  const linesOf = groupBy(list.lines, ({ name }) => keyOf(name, list, rules));
  const met = new Set<string>();
  return {
    async classOf(ref) {
      const key = list.subject === 'case' ? ref.caseId : ref.patientKey;
      if (key !== undefined) met.add(key);
      const lines = (key !== undefined && linesOf.get(key)) || [];
      return classIn(lines, whatOf(ref), list, rules, classes);
    },
    strays: () =>
      strayRefusals(
        [...linesOf].flatMap(([key, lines]) => (met.has(key) ? [] : lines)),
        list,
      ),
  };
}

/**
 * The cases whose class the site's list says, each with it; of the others, why they cannot be used.
 * @param dataset opened without looking for labels
 * @throws FedvoxError as `openCaseClassifier`
 */
export async function classifiedCases(
  { cases, refused }: Dataset,
  rules: ClassRules,
  classes: readonly string[],
): Promise<Dataset> {
  const classifier = await openCaseClassifier(rules, classes);
  const known: CaseRef[] = [];
  const unknown: Refusal[] = [];
  for (const ref of cases) {
    try {
      known.push({ ...ref, caseClass: await classifier.classOf(ref) });
    } catch (error) {
      unknown.push(refusalOf(whatOf(ref), error));
    }
  }
  return { cases: known, refused: [...refused, ...unknown, ...classifier.strays()] };
}

/** The class that its lines say of a case: as an index of the job's. */
function classIn(
  lines: readonly ClassLine[],
  what: string,
  { path, subject }: ClassList,
  { labels }: ClassRules,
  classes: readonly string[],
): number {
  const [first] = lines;
  if (first === undefined) throw fail('case-class-missing', { what, path, subject });
  const said = new Set(lines.map((line) => className(line.className, labels)));
  if (said.size > 1) throw fail('case-class-conflict', { what, path, lines: numbersOf(lines) });
  const index = classes.indexOf([...said][0] as string);
  if (index !== -1) return index;
  throw fail('case-class-unknown', { path, line: first.line, classes: classes.join(', ') });
}

/**
 * What a case or a patient of that name goes by. A series may be named by its UID too, an image by its path.
 */
function keyOf(name: string, { subject }: ClassList, { kind }: ClassRules): string {
  if (subject === 'patient') return sha256(`${kind === 'dicom' ? 'patient' : 'subject'}/${name}`);
  if (kind === 'msd') return caseIdOf({ image: name });
  return UID.test(name) ? sha256(name).slice(0, 16) : name;
}

/** PS3.5 9.1: numbers with dots between them. */
const UID = /^\d+(\.\d+)+$/;

/** How a person recognises it. */
const whatOf = ({ source, caseId }: CaseRef) => (source.kind === 'dicom' ? source.what : caseId);

/** Numbers of lines that an error lists. */
const MAX_LINES_NAMED = 10;

function numbersOf(lines: readonly ClassLine[]): string {
  const numbers = lines.map(({ line }) => line);
  const more = numbers.length - MAX_LINES_NAMED;
  const named = numbers.slice(0, MAX_LINES_NAMED).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}

/** Lines that are of no case here: of a slip of the pen, or of what lies elsewhere. */
function strayRefusals(lines: readonly ClassLine[], { path }: ClassList): Refusal[] {
  if (lines.length === 0) return [];
  return [refusalOf(path, fail('case-class-stray', { path, lines: numbersOf(lines) }))];
}
