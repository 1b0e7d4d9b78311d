import type { DatasetSpec } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { DataFindings } from './console-contract.js';

/** What the console asks the process that looks at the data, once. */
export interface LookOrder {
  readonly data: DatasetSpec;
  readonly job: Job | null;
  /** Findings and pictures by content; the process writes nowhere else. */
  readonly folder: string;
}

export type LookFindings = Omit<DataFindings, 'atMs' | 'job'>;

/** From that process: any number of `progress`, then one of the others. */
export type LookMessage =
  | {
      readonly kind: 'progress';
      readonly what: 'headers' | 'scans';
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'done'; readonly findings: LookFindings }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly advice: string;
    };
