import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { DatasetSpec, Reader } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { EngineName, EngineSettings } from '../engine/settings.js';
import type { CaseEvaluation } from '../evaluation/case-evaluation.js';
import type { LesionRule } from '../metrics/lesions.js';
import type { Preparer } from '../training/preparer.js';

/** What every task needs to know; all of it is data, files and callbacks. */
export interface TaskInput extends EngineSettings {
  readonly job: Job;
  /** Folder for preprocessed cases; shared by tasks, processes and jobs. */
  readonly cacheDir: string;
  /** Where the site remembers which cases validate, job by job; nothing is remembered where absent. */
  readonly splitsDir?: string;
  /** Where the headers of the site's DICOM folder are kept from one task to the next; read each time where absent. */
  readonly headerIndex?: string;
  readonly engine: EngineName;
  /** Within which an evaluation counts surfaces as one; 1 mm where absent. */
  readonly surfaceToleranceMm?: number;
  /** What an evaluation counts as a lesion, and when it is found; it looks at none where absent. */
  readonly lesionRule?: LesionRule | undefined;
  /** At which an evaluation gives the sensitivity to a class of cases; 0.9 where absent. */
  readonly specificity?: number;
  /** What reads scans, where several tasks share it; a thread of its own by default. */
  readonly reader?: Reader;
  /** What augments the cases of the next batches, where several tasks share it; threads of its own by default. */
  readonly preparer?: Preparer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** A task over one site's data. */
export interface TrainingInput extends TaskInput {
  readonly dataset: DatasetSpec;
  /** Forks the job's seed for order and augmentation, e.g. `hospital-north/3` for its third round. */
  readonly seedLabel: string;
  /** From 1: where the job's learning rate is on its schedule; at its start where absent. */
  readonly round?: number;
  /** Where its training is written down as often as the job says; nowhere where absent. */
  readonly checkpointDir?: string;
  /** Is told how the model does on each validation case: for the people at the site, who have the scans. */
  readonly onCases?: (cases: readonly CaseEvaluation[]) => void;
  /** How often the job's plateau has cut the learning rate; never where absent. */
  readonly rateCuts?: number;
}

export interface Progress {
  readonly phase: 'reading-headers' | 'preparing' | 'training' | 'evaluating';
  /** Files, cases, or batches of the epoch. */
  readonly done: number;
  readonly total: number;
  /** From 1, while training. */
  readonly epoch?: number;
  readonly epochs?: number;
  readonly loss?: number;
  /** While reading headers, at the pace so far. */
  readonly remainingMs?: number;
}
