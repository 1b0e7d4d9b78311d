import type { Sha256 } from '@fedvox/base';
import type { DataSummary, EncodingKind, Figures, Job } from '@fedvox/job';
import type { DeclineReason, GateOutcome, Work } from './task.js';

/** One piece of work, with everything fetched that it needs. */
export interface WorkOrder {
  readonly job: Job;
  readonly work: Work;
  /** The verified base model; absent for the data gate. */
  readonly baseModelPath?: string;
  /** Where a delta is written; its folder exists. */
  readonly deltaPath: string;
  /** Whether the data gate is to tell what the data are like. */
  readonly summarizes?: true;
  /** Where training is written down as often as the job says, to go on from there. */
  readonly checkpointDir?: string;
  /**
   * What the job keeps here: of the round before, of the last one whose update was accepted, and where it
   * leaves what it keeps of this one.
   */
  readonly kept?: {
    readonly before: string | null;
    readonly accepted?: string | null;
    readonly after: string;
  };
}

export interface Delta {
  readonly sha256: Sha256;
  readonly byteLength: number;
  /** How it is written; float32 where absent. */
  readonly encoding?: EncodingKind;
}

/** What the work found out. Stays on the site until policy has cut it down to a statement. */
export type WorkResult =
  | {
      readonly kind: 'checked';
      readonly outcome: GateOutcome;
      /** 0 where the data will not do. */
      readonly validationCases: number;
      /** Where it was asked for, and the data will do. */
      readonly summary?: DataSummary;
    }
  | {
      readonly kind: 'measured';
      /** Of the base model, on the validation cases; not yet withheld. */
      readonly figures: Figures;
      readonly trainCases: number;
      readonly validationCases: number;
      /** Null where nothing was to be trained. */
      readonly delta: Delta | null;
      /** Steps of the optimizer that made the delta. */
      readonly localSteps?: number;
    };

/** Why a piece of work came to nothing. */
export interface WorkFailure {
  /** A FedvoxError's code, or `agent/trainer-died`. For the site's own log only. */
  readonly code: string;
  readonly message: string;
  /** Whether the same work may end otherwise: true for a crash, false for a named refusal. */
  readonly retryable: boolean;
  /** All that the coordinator is told of it. */
  readonly reason: DeclineReason;
}

/** How far the work has come. For the site's own log only. */
export interface WorkProgress {
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

/**
 * Does the work: in production a child process, in tests and in the simulator something recorded.
 */
export interface Trainer {
  /**
   * @throws FedvoxError `agent/trainer-died` where it may be tried again, the work's own named
   * error where not; the signal's reason when it aborts, by then nothing of the work runs on.
   */
  run(
    order: WorkOrder,
    signal: AbortSignal,
    onProgress: (progress: WorkProgress) => void,
  ): Promise<WorkResult>;
}

/** One that holds something open, such as a child process. */
export type ClosableTrainer = Trainer & { close(): Promise<void> };
