import { assert, nextTurn } from '@fedvox/base';
import { aboutCase } from '../about-case.js';
import { classProbabilities } from '../inference/class-probabilities.js';
import type { Predictor } from '../inference/probabilities.js';
import { orNull, SURFACE_TOLERANCE_MM } from './class-evaluation.js';
import type {
  EvaluateOptions,
  EvaluationCase,
  Measured,
  MeasuredCase,
  MeasuredJob,
} from './evaluate-cases.js';
import { aucOfCases, type ClassifiedCase, SPECIFICITY } from './told-classes.js';

/** What is asked of cases whose classes a model tells. */
export interface CaseQuestion {
  /** The job's. */
  readonly names: readonly string[];
  /** Those that the AUC is about. */
  readonly wanted: ReadonlySet<number>;
  readonly specificity: number;
}

/** Measures a model on cases whose classes it tells: there is no Dice. */
export async function classifyCases(
  network: Pick<Predictor, 'logits'>,
  cases: readonly EvaluationCase[],
  { classes, evaluation }: Pick<MeasuredJob, 'classes' | 'evaluation'>,
  { specificity = SPECIFICITY, signal, onCase }: EvaluateOptions,
): Promise<Measured> {
  const found: MeasuredCase[] = [];
  const classified: ClassifiedCase[] = [];
  for (const { prepared, originalLabel: _, ...about } of cases) {
    signal?.throwIfAborted();
    const { caseClass } = about;
    assert(caseClass !== undefined, 'cases of such a job are opened by their classes');
    await aboutCase(about.caseId, async () => {
      const { image } = await prepared();
      const told = { caseClass, probabilities: await classProbabilities(network, image) };
      classified.push(told);
      found.push({ about, byClass: [], classified: told });
    });
    onCase?.(found.length, cases.length);
    // A pass blocks the thread; messages come in between two of them.
    await nextTurn();
  }
  const wanted = new Set(evaluation.auc.classes.map((name) => classes.indexOf(name)));
  return {
    ...{ cases: found, surfaceToleranceMm: SURFACE_TOLERANCE_MM },
    auc: orNull(aucOfCases(classified, wanted)),
    ofCases: { names: classes, wanted, specificity },
  };
}
