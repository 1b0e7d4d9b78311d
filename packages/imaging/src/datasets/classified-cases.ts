import { sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { className } from '../segmentation/class-names.js';
import type { CaseRef, Dataset } from './case-ref.js';
import { type ClassLine, type ClassList, readClassList } from './class-list.js';
import { caseIdOf } from './listed-cases.js';
import type { ResolvedDatasetSpec } from './spec.js';

/**
 * The cases whose class the site's list says, each with it; of the others, why they cannot be used.
 * @param dataset opened without looking for labels
 * @param classes the job's class names
 * @throws FedvoxError `no-class-list`, and as `readClassList`
 */
export async function classifiedCases(
  { cases, refused }: Dataset,
  spec: ResolvedDatasetSpec,
  classes: readonly string[],
): Promise<Dataset> {
  const { path, caseClasses } = spec;
  if (caseClasses === undefined) throw fail('no-class-list', { path });
  const list = await readClassList(caseClasses.file);
  const linesOf = groupBy(list.lines, ({ name }) => keyOf(name, list, spec));
  const known: CaseRef[] = [];
  const unknown: Refusal[] = [];
  const met = new Set<string>();
  for (const ref of cases) {
    const key = list.subject === 'case' ? ref.caseId : ref.patientKey;
    const lines = (key !== undefined && linesOf.get(key)) || [];
    if (key !== undefined) met.add(key);
    const what = whatOf(ref);
    try {
      known.push({ ...ref, caseClass: classIn(lines, what, list, spec, classes) });
    } catch (error) {
      unknown.push(refusalOf(what, error));
    }
  }
  const stray = [...linesOf].flatMap(([key, lines]) => (met.has(key) ? [] : lines));
  return { cases: known, refused: [...refused, ...unknown, ...strayRefusals(stray, list)] };
}

/** The class that its lines say of a case: as an index of the job's. */
function classIn(
  lines: readonly ClassLine[],
  what: string,
  { path, subject }: ClassList,
  { labels }: ResolvedDatasetSpec,
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
function keyOf(name: string, { subject }: ClassList, { kind }: ResolvedDatasetSpec): string {
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
