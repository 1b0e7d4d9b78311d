import { printableLine } from '@fedvox/base';
import type { InspectReport, LabelReport, PredictedClass, ScanReport } from '@fedvox/imaging';
import { table } from './table.js';

/** What is in a folder, as a person reads it: a line per scan, then why what is not used is not. */
export function inspectText(report: InspectReport): string {
  const usable = report.scans.filter((scan) => scan.usable).length;
  const parts = [
    `${report.path}: ${report.files} files, ${report.scans.length} scans, ${usable} usable`,
    '',
    scanTable(report.scans),
  ];
  const reasons = [
    ...report.scans.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal])),
    ...report.refused,
  ];
  if (reasons.length > 0) {
    const lines = reasons.map(
      ({ what, code, reason }) => `  ${printableLine(`${what}: ${reason}`)} (${code})`,
    );
    parts.push('', 'Not used, and why:', ...lines);
  }
  const warnings = report.scans.flatMap(({ what, warnings }) =>
    warnings.map((warning) => `  ${printableLine(`${what}: ${warning}`)}`),
  );
  if (warnings.length > 0) parts.push('', 'Warnings:', ...warnings);
  const pictures = report.scans.flatMap(({ what, png, thumbnail }) =>
    [png, thumbnail].flatMap((path) =>
      path === undefined ? [] : [`  ${printableLine(`${path}: ${what}`)}`],
    ),
  );
  if (pictures.length > 0) parts.push('', 'Pictures:', ...pictures);
  return parts.join('\n');
}

/** A column for predictions only where there are any. */
function scanTable(scans: readonly ScanReport[]): string {
  const hasPredictions = scans.some(({ prediction }) => prediction !== undefined);
  const columns = hasPredictions ? COLUMNS : COLUMNS.filter(([, cell]) => cell !== predictionCell);
  return table(
    columns.map(([name]) => name),
    scans.map((scan) => columns.map(([, cell]) => cell(scan))),
  );
}

const COLUMNS: readonly (readonly [name: string, cell: (scan: ScanReport) => string])[] = [
  ['scan', ({ what }) => what],
  ['kind', ({ format, modality }) => [format, modality].filter(Boolean).join(' ')],
  ['patient', ({ patientId }) => patientId ?? '-'],
  ['matrix', ({ shape, slices }) => shape?.join(' × ') ?? `${slices} slices`],
  ['spacing (mm)', ({ spacingMm }) => spacingMm?.map((each) => each.toFixed(2)).join(' × ') ?? '-'],
  ['axes', ({ orientation }) => orientation ?? '-'],
  ['values', valuesCell],
  ['labels', ({ labels }) => labels.map(volumeText).join(', ') || '-'],
  ['prediction', predictionCell],
  ['use', useCell],
];

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
