import { assert } from '@fedvox/base';
import { tagNamed } from '../dicom/attribute-name.js';
import { readDicomHeader } from '../dicom/part10.js';
import { fail } from '../errors.js';
import type { CaseRef } from './case-ref.js';
import type { ResolvedDatasetSpec } from './spec.js';

/** The attribute of a series that says its class, and what its values mean. */
export type ClassAttribute = Extract<
  NonNullable<ResolvedDatasetSpec['caseClasses']>,
  { attribute: string }
>;

/**
 * The class that the headers of a series say, all of its images alike: as an index of the job's. What a header says
 * may be a patient's: no error shows it.
 * @throws FedvoxError `case-attribute-missing`, `case-attribute-conflict`, `case-value-unmapped`, `case-value-unknown`
 */
export async function classByAttribute(
  { source, caseId }: CaseRef,
  { attribute, values }: ClassAttribute,
  classes: readonly string[],
): Promise<number> {
  if (source.kind !== 'dicom') {
    throw fail('case-attribute-missing', { what: caseId, why: 'it is no DICOM series' });
  }
  const { what, stack } = source;
  const tag = tagNamed(attribute);
  assert(tag !== undefined, 'a data set names attributes that are known');
  const said = new Set<string>();
  for (const path of new Set(stack.frames.map((frame) => frame.path))) {
    const { attributes } = await readDicomHeader(path);
    said.add(attributes.wordsAt(tag)?.trim() ?? '');
    if (said.size > 1) throw fail('case-attribute-conflict', { what, attribute });
  }
  const [value = ''] = said;
  if (value === '') throw fail('case-attribute-missing', { what, why: `it has no ${attribute}` });
  const className = Object.hasOwn(values, value) ? values[value] : undefined;
  if (className === undefined) throw fail('case-value-unmapped', { what, attribute });
  const index = classes.indexOf(className);
  if (index === -1) throw fail('case-value-unknown', { what, classes: classes.join(', ') });
  return index;
}
