import { printableLine } from '@fedvox/base';
import type { InspectReport, LabelReport, PredictedClass, ScanReport } from '@fedvox/imaging';
import { counted, reasonLines, summaryText, warningLines } from './inspect-reasons.js';
import { table } from './table.js';

/** What is in a folder, as a person reads it: a line per scan, then why what is not used is not. */
export function inspectText(report: InspectReport): string {
  const { path, scans } = report;
  const parts = [printableLine(`${path}: ${summaryText(report)}`)];
  if (scans.length > 0) parts.push('', scanTable(scans));
  const reasons = [
    ...scans.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal])),
    ...report.refused,
  ];
  if (reasons.length > 0) parts.push('', 'Not used, and why:', reasonLines(reasons).join('\n'));
  const warnings = warningLines(scans);
  if (warnings.length > 0) parts.push('', 'Warnings:', ...warnings);
  const pictures = report.scans.flatMap(({ what, png, thumbnail }) =>
    [png, thumbnail].flatMap((path) =>
      path === undefined ? [] : [`  ${printableLine(`${path}: ${what}`)}`],
    ),
  );
  if (pictures.length > 0) parts.push('', 'Pictures:', ...pictures);
  return parts.join('\n');
}

/** Columns for the series, the patient and predictions only where something is to be said there. */
function scanTable(scans: readonly ScanReport[]): string {
  const columns = COLUMNS.filter(
    ([, cell]) => !OPTIONAL_CELLS.includes(cell) || scans.some((scan) => cell(scan) !== '-'),
  );
  return table(
    columns.map(([name]) => name),
    scans.map((scan) => columns.map(([, cell]) => cell(scan))),
  );
}

const COLUMNS: readonly (readonly [name: string, cell: (scan: ScanReport) => string])[] = [
  ['scan', ({ what }) => what],
  ['series', seriesCell],
  ['kind', ({ format, modality }) => [format, modality].filter(Boolean).join(' ')],
  ['patient', patientCell],
  [
    'matrix',
    ({ shape, slices }) => shape?.join(' × ') ?? (slices > 0 ? counted(slices, 'slice') : '-'),
  ],
  ['spacing (mm)', ({ spacingMm }) => spacingMm?.map((each) => each.toFixed(2)).join(' × ') ?? '-'],
  ['axes', ({ orientation }) => orientation ?? '-'],
  ['values', valuesCell],
  ['labels', ({ labels }) => labels.map(volumeText).join(', ') || '-'],
  ['class', caseClassCell],
  ['prediction', predictionCell],
  ['use', useCell],
];

const OPTIONAL_CELLS: readonly ((scan: ScanReport) => string)[] = [
  seriesCell,
  patientCell,
  caseClassCell,
  predictionCell,
];

/** As the scanner numbered and called it. */
function seriesCell({ seriesNumber, seriesDescription }: ScanReport): string {
  return [seriesNumber, seriesDescription].filter(Boolean).join(' ') || '-';
}

function patientCell({ patientId }: ScanReport): string {
  return patientId ?? '-';
}

function caseClassCell({ caseClass }: ScanReport): string {
  return caseClass ?? '-';
}

/** What has no label can be predicted, not trained on. */
function useCell({ usable, trainable }: ScanReport): string {
  if (!usable) return 'NO';
  return trainable ? 'yes' : 'predict';
}

function valuesCell({ intensity }: ScanReport): string {
  if (intensity === undefined) return '-';
  const { min, max } = intensity;
  // What rounding left of a zero is none of the scan's values.
  const plain = (value: number) => rounded(Math.abs(value) < 1e-6 * (max - min) ? 0 : value);
  return `${plain(min)} to ${plain(max)}`;
}

function predictionCell({ prediction }: ScanReport): string {
  return prediction?.classes.map(predictedText).join(', ') || '-';
}

function predictedText({ dice, ...volume }: PredictedClass): string {
  return dice === undefined
    ? volumeText(volume)
    : `${volumeText(volume)} (Dice ${dice.toFixed(3)})`;
}

function volumeText({ name, ml }: LabelReport): string {
  return `${name} ${ml.toFixed(1)} ml`;
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
