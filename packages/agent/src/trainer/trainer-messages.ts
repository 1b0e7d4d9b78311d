import type { DatasetSpec } from '@fedvox/imaging';
import type { EngineName, EngineSettings } from '@fedvox/learning';
import type { CaseFigures } from '../core/case-figures.js';
import type { WorkOrder, WorkProgress, WorkResult } from '../core/trainer.js';

/** What a trainer is set up with, once. */
export interface TrainerSetup extends EngineSettings {
  readonly site: string;
  readonly dataset: DatasetSpec;
  readonly cacheDir: string;
  readonly splitsDir: string;
  readonly headerIndex: string;
  readonly engine: EngineName;
  readonly logLevel: string;
}

/** From the agent to its child. */
export interface RunMessage {
  readonly setup: TrainerSetup;
  readonly order: WorkOrder;
}

/** From the child to its agent: any number of `progress` and `cases`, then one of the others. */
export type TrainerMessage =
  | { readonly kind: 'progress'; readonly progress: WorkProgress }
  | { readonly kind: 'cases'; readonly cases: readonly CaseFigures[] }
  | { readonly kind: 'done'; readonly result: WorkResult }
  | { readonly kind: 'failed'; readonly error: TrainerError };

export interface TrainerError {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}
