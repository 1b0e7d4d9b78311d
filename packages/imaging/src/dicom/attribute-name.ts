import { TAG } from './attributes.js';

/** What headers say of a study or a series as a whole and is not read otherwise: keywords of PS3.6. */
const MORE_TAGS: Readonly<Record<string, string>> = {
  StudyDescription: 'x00081030',
  AdmittingDiagnosesDescription: 'x00081080',
  PatientSex: 'x00100040',
  PatientComments: 'x00104000',
  ContrastBolusAgent: 'x00180010',
  BodyPartExamined: 'x00180015',
  ScanningSequence: 'x00180020',
  SequenceVariant: 'x00180021',
  SequenceName: 'x00180024',
  ProtocolName: 'x00181030',
  PatientPosition: 'x00185100',
  ViewPosition: 'x00185101',
  StudyID: 'x00200010',
  Laterality: 'x00200060',
  ImageLaterality: 'x00200062',
  ImageComments: 'x00204000',
  ReasonForStudy: 'x00321030',
  RequestedProcedureDescription: 'x00321060',
  PerformedProcedureStepDescription: 'x00400254',
};

/** `(0010,0040)`, with the brackets or without. */
const TAG_PATTERN = /^\(?([0-9a-f]{4}),\s*([0-9a-f]{4})\)?$/i;

/** The tag that a person means, as dicom-parser spells it; undefined where it is no tag and no keyword known here. */
export function tagNamed(name: string): string | undefined {
  const [, group, element] = TAG_PATTERN.exec(name) ?? [];
  if (group !== undefined) return `x${group}${element}`.toLowerCase();
  const known: Readonly<Record<string, string>> = { ...MORE_TAGS, ...TAG };
  return Object.hasOwn(known, name) ? known[name] : undefined;
}
