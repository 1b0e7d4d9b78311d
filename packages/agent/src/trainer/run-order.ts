import { assert, type Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { Reader } from '@fedvox/imaging';
import { type DataSummary, figuresOf } from '@fedvox/job';
import {
  type CaseEvaluation,
  checkData,
  type DataReport,
  evaluateAndTrain,
  evaluateModel,
  type Preparer,
  summaryOf,
  type TrainingInput,
  takeFingerprint,
} from '@fedvox/learning';
import type { CaseFigures } from '../core/case-figures.js';
import type { WorkOrder, WorkProgress, WorkResult } from '../core/trainer.js';
import type { TrainerSetup } from './trainer-messages.js';

/** What all orders of a process share, and where it tells how far it is. */
export interface Workplace {
  readonly reader: Reader;
  /** Threads of an order's own where absent. */
  readonly preparer?: Preparer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the work can be ended otherwise than by ending its process. */
  readonly signal?: AbortSignal;
  readonly onProgress: (progress: WorkProgress) => void;
  /** Is told how the model does on each case; it never goes further than the site's own disk. */
  readonly onCases?: (cases: readonly CaseFigures[]) => void;
}

/** Carries out one order in this process. What it logs stays on the site. */
export async function runOrder(
  setup: TrainerSetup,
  order: WorkOrder,
  workplace: Workplace,
): Promise<WorkResult> {
  const { log, onCases, ...others } = workplace;
  const input: TrainingInput = {
    ...trainingInput(setup, order, { log, ...others }),
    ...(onCases && { onCases: (cases) => onCases(cases.map(caseFigures)) }),
  };
  switch (order.work.kind) {
    case 'check-data':
      return checked(await checkData(input), log, order.summarizes && (() => summaryFor(input)));
    case 'train': {
      const { evaluation, update } = await evaluateAndTrain(
        input,
        baseModelOf(order),
        order.deltaPath,
        order.kept,
      );
      return {
        kind: 'measured',
        figures: figuresOf(evaluation),
        trainCases: update.trainCases,
        validationCases: evaluation.validationCases,
        delta: update.delta,
        localSteps: update.localSteps,
      };
    }
    case 'evaluate': {
      const { evaluation, trainCases } = await evaluateModel(input, baseModelOf(order), order.kept);
      return {
        kind: 'measured',
        figures: figuresOf(evaluation),
        trainCases,
        validationCases: evaluation.validationCases,
        delta: null,
      };
    }
  }
}

function trainingInput(
  setup: TrainerSetup,
  { job, work, checkpointDir }: WorkOrder,
  workplace: Omit<Workplace, 'onCases'>,
): TrainingInput {
  const { site, logLevel, ...settings } = setup;
  const round = work.kind === 'check-data' ? 0 : work.round;
  const { rateCuts = 0 } = work.kind === 'train' ? work : {};
  return {
    ...{ ...settings, ...workplace, job, round, rateCuts, seedLabel: `${site}/${round}` },
    ...(checkpointDir !== undefined && { checkpointDir }),
  };
}

/** Of all that is known of a case, what people at the site look at from round to round. */
function caseFigures({ caseId, dice, perClass, classified }: CaseEvaluation): CaseFigures {
  return {
    caseId,
    dice,
    perClass: perClass.map(({ name, dice, hd95Mm, referenceMl, predictedMl }) => ({
      ...{ name, dice, hd95Mm, referenceMl, predictedMl },
    })),
    classified: classified
      ? { reference: classified.reference, predicted: classified.predicted }
      : null,
  };
}

/** A share that is not mounted: nothing is known of the data behind it. */
const FOLDER_UNREADABLE = 'imaging/folder-unreadable';

/** Of the report only pass or the main reason goes on; the site's own log has the rest. */
async function checked(
  report: DataReport,
  log: Logger,
  summary: (() => Promise<DataSummary>) | undefined,
): Promise<WorkResult> {
  const { usable, train, validation, refused, problems } = report;
  log.info({ usable, train, validation, refused: refused.length, problems }, 'data checked');
  for (const { what, code, reason } of refused) log.warn({ what, code, reason }, 'case refused');
  const isAway = usable === 0 && refused.some(({ code }) => code === FOLDER_UNREADABLE);
  const outcome = isAway ? 'archive-unreachable' : (problems[0] ?? 'pass');
  const result = { kind: 'checked', outcome, validationCases: validation } as const;
  return outcome === 'pass' && summary ? { ...result, summary: await summary() } : result;
}

async function summaryFor({ dataset, job, signal, onProgress }: TrainingInput) {
  const fingerprint = await takeFingerprint({
    datasets: [dataset],
    classes: job.classes,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return summaryOf(fingerprint);
}

function baseModelOf({ baseModelPath }: WorkOrder): string {
  assert(baseModelPath !== undefined, 'work on a model comes with the model');
  return baseModelPath;
}
