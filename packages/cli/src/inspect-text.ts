import type { InspectReport, ScanReport } from '@fedvox/imaging';
import { table } from './table.js';

/** What is in a folder, as a person reads it: a line per scan, then why what is not used is not. */
export function inspectText(report: InspectReport): string {
  const usable = report.scans.filter((scan) => scan.usable).length;
  const parts = [
    `${report.path}: ${report.files} files, ${report.scans.length} scans, ${usable} usable`,
    '',
    table(HEAD, report.scans.map(scanRow)),
  ];
  const reasons = [
    ...report.scans.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal])),
    ...report.refused,
  ];
  if (reasons.length > 0) {
    const lines = reasons.map(({ what, code, reason }) => `  ${what}: ${reason} (${code})`);
    parts.push('', 'Not used, and why:', ...lines);
  }
  const warnings = report.scans.flatMap(({ what, warnings }) =>
    warnings.map((warning) => `  ${what}: ${warning}`),
  );
  if (warnings.length > 0) parts.push('', 'Warnings:', ...warnings);
  const pictures = report.scans.flatMap(({ what, png }) =>
    png === undefined ? [] : [`  ${png}: ${what}`],
  );
  if (pictures.length > 0) parts.push('', 'Pictures:', ...pictures);
  return parts.join('\n');
}

const HEAD = [
  'scan',
  'kind',
  'patient',
  'matrix',
  'spacing (mm)',
  'axes',
  'values',
  'labels',
  'use',
];

function scanRow(scan: ScanReport): string[] {
  const { shape, spacingMm, intensity } = scan;
  return [
    scan.what,
    [scan.format, scan.modality].filter((each) => each !== undefined).join(' '),
    scan.patientId ?? '-',
    shape?.join(' × ') ?? `${scan.slices} slices`,
    spacingMm?.map((each) => each.toFixed(2)).join(' × ') ?? '-',
    scan.orientation ?? '-',
    intensity === undefined ? '-' : `${rounded(intensity.min)} to ${rounded(intensity.max)}`,
    scan.labels.map(({ name, ml }) => `${name} ${ml.toFixed(1)} ml`).join(', ') || '-',
    scan.usable ? 'yes' : 'NO',
  ];
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
