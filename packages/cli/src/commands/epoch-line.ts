import type { EpochReport } from '@fedvox/learning';
import { namedFigures } from '../figures-text.js';

export function epochLine(
  { epoch, meanLoss, volumesPerSecond, evaluation }: EpochReport,
  epochs: number,
): string {
  return [
    `epoch ${epoch}/${epochs}`,
    `loss ${meanLoss.toFixed(3)}`,
    ...namedFigures(evaluation),
    `${volumesPerSecond.toFixed(1)} volumes/s`,
  ].join('  ');
}
