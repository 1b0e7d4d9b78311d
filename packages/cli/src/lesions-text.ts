import type { LesionEvaluation } from '@fedvox/learning';
import { figure } from './figure.js';

/** How a model does that is asked where lesions are, a paragraph for each class. */
export function lesionLines({ rule, perClass }: LesionEvaluation): string[] {
  const head = `Lesions, by ${rule.neighbours} neighbours, found from an intersection over union of ${rule.overlap} on:`;
  const lines = perClass.flatMap((one) => {
    const { name, lesions, found, sensitivity, falsePositives, froc, frocMean } = one;
    const points = froc.map(
      (point) => `${figure(point.sensitivity)} at ${rateText(point.falsePositives)}`,
    );
    return [
      `  ${name}: ${found} of ${lesions} found (${figure(sensitivity)}); ${falsePositives.toFixed(2)} false positives per case`,
      `    FROC: ${points.join(', ')}; mean ${figure(frocMean)}`,
    ];
  });
  return [head, ...lines];
}

/** LUNA16 writes the small ones as fractions. */
function rateText(rate: number | null): string {
  if (rate === null) return '-';
  return rate < 1 ? `1/${Math.round(1 / rate)}` : String(rate);
}
