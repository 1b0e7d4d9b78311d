import { type Refusal, readCase, refusalOf } from '@fedvox/imaging';
import { aboutCase } from '../about-case.js';
import { mostProbable } from '../evaluation/told-classes.js';
import { everyScan, type ScanPaths } from './every-scan.js';
import { checkScan, type PredictionRules } from './predict-scan.js';
import { type ModelInput, readyClassifier } from './ready-model.js';

export interface ClassifyScansInput extends ModelInput, PredictionRules, ScanPaths {
  /** Is told of each scan as it is done with, and how many are left. */
  readonly onScan?: (outcome: ClassifyOutcome, left: number) => void;
}

/** Which class a model says a scan is of. */
export interface ClassifiedScan {
  /** How a person recognises it. */
  readonly what: string;
  /** As in an evaluation of the same folder. */
  readonly caseId: string;
  /** The most probable class. */
  readonly predicted: string;
  /** By class name, summing to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
}

export type ClassifyOutcome =
  | ({ readonly kind: 'classified' } & ClassifiedScan)
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Tells the class of every scan of some paths by a model that is opened once. What is wrong with one scan costs
 * that one.
 * @returns what became of each: what cannot be read first, then in the order of paths and of what is under them
 * @throws FedvoxError as `readyClassifier`
 */
export async function classifyScans(
  input: ClassifyScansInput,
): Promise<readonly ClassifyOutcome[]> {
  const { job, onScan } = input;
  const model = await readyClassifier(input);
  try {
    const { scans, refused } = await everyScan(input);
    const outcomes: ClassifyOutcome[] = [];
    const told = (outcome: ClassifyOutcome) => {
      outcomes.push(outcome);
      onScan?.(outcome, scans.length + refused.length - outcomes.length);
    };
    for (const refusal of refused) told({ kind: 'refused', ...refusal });
    for (const scan of scans) {
      const { what, ref, place } = scan;
      const caseId = ref.source.kind === 'dicom' ? ref.caseId : place;
      try {
        checkScan(scan, input);
        const probabilities = await aboutCase(what, async () =>
          model.classify((await readCase(ref, [])).image),
        );
        told({
          ...{ kind: 'classified', what, caseId },
          predicted: job.classes[mostProbable(probabilities)] as string,
          probabilities: Object.fromEntries(
            job.classes.map((name, index) => [name, probabilities[index] as number]),
          ),
        });
      } catch (error) {
        told({ kind: 'refused', ...refusalOf(what, error) });
      }
    }
    return outcomes;
  } finally {
    model.dispose();
  }
}
