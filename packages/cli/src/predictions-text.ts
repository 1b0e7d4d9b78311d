import { printableLine } from '@fedvox/base';
import type { Prediction, ScanOutcome } from '@fedvox/learning';
import { counted, reasonLines } from './inspect-reasons.js';

type Refused = Extract<ScanOutcome, { kind: 'refused' }>;
type Predicted = Extract<ScanOutcome, { kind: 'predicted' }>;

/** What became of the one scan that was asked for. */
export function predictionText(outputPath: string, prediction: Prediction): string {
  const classes = Object.entries(prediction.voxelsByClass);
  const lines = classes.map(([name, voxels]) => `  ${name}: ${voxels} voxels`);
  return [`Wrote ${outputPath}${replacedText(prediction)}`, ...lines].join('\n');
}

/** One of many scans, as it is done with, and how many are left. */
export function outcomeLine(outcome: ScanOutcome, left: number): string {
  return printableLine(`${outcomeText(outcome)}; ${left} left`);
}

function outcomeText(outcome: ScanOutcome): string {
  if (outcome.kind === 'refused') return `not predicted: ${outcome.what}: ${outcome.reason}`;
  const { what, outputPath, voxelsByClass } = outcome;
  const classes = Object.entries(voxelsByClass).slice(1);
  const found = classes.map(([name, voxels]) => `${name} ${voxels}`).join(', ');
  return `${what} → ${outputPath}${replacedText(outcome)}: ${found} voxels`;
}

/** All of them together, and why what was refused was. */
export function predictionsText(outputFolder: string, outcomes: readonly ScanOutcome[]): string {
  const { predicted, refused } = sorted(outcomes);
  const replaced = predicted.filter((one) => one.replaced).length;
  const parts = [
    printableLine(
      `Wrote ${counted(predicted.length, 'prediction')} of ${counted(outcomes.length, 'scan')} into ${outputFolder}` +
        (replaced === 0 ? '' : `; ${replaced} in place of files that were there`),
    ),
  ];
  if (refused.length > 0) {
    parts.push('', 'Not predicted, and why:', reasonLines(refused).join('\n'));
  }
  return parts.join('\n');
}

export function sorted(outcomes: readonly ScanOutcome[]): {
  readonly predicted: readonly Predicted[];
  readonly refused: readonly Refused[];
} {
  return {
    predicted: outcomes.filter((outcome) => outcome.kind === 'predicted'),
    refused: outcomes.filter((outcome) => outcome.kind === 'refused'),
  };
}

function replacedText({ replaced }: Pick<Prediction, 'replaced'>): string {
  return replaced ? ', in place of the file that was there' : '';
}
