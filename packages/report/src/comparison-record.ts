/** A figure with where it may lie; the ends are null where there is too little to tell. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Of a variant from the one that it is compared with, over the same seeds and cases. */
export interface Difference extends Estimate {
  /** Of a two-sided permutation test over cases; null where there is none. */
  readonly p: number | null;
}

/** On the validation cases of one site. */
export interface ComparedSite {
  readonly site: string;
  readonly dice: Estimate | null;
  /** Over its cases together, mean over seeds. */
  readonly auc: number | null;
}

export interface ComparedVariant {
  readonly name: string;
  /** `pooled`: trained on the data of all sites in one place; `alone`: each site's own model on its own cases. */
  readonly kind: 'federated' | 'pooled' | 'alone';
  /** Over the validation cases of all sites, of each seed's best model. */
  readonly dice: Estimate | null;
  /** Mean over seeds; null where no model speaks for all sites. */
  readonly auc: number | null;
  /** Absent of the one that the others are compared with. */
  readonly difference?: Difference;
  readonly bySite: readonly ComparedSite[];
  readonly byClass: readonly { readonly name: string; readonly dice: Estimate | null }[];
  /** Validation Dice after each round, or each epoch that stands for one; mean over seeds. */
  readonly curve: readonly (number | null)[];
  /** That left all sites together, mean over seeds; null where nothing is sent. */
  readonly bytes: number | null;
  /** On virtual time, mean over seeds; null where there is none. */
  readonly durationMs: number | null;
  /** Who gave an update for each round of training, of the first seed; absent where no virtual time says when. */
  readonly attendance?: readonly AttendedRound[];
  readonly runs: readonly ComparedRun[];
}

export interface AttendedRound {
  readonly round: number;
  /** How long after the round opened. */
  readonly answers: readonly { readonly site: string; readonly afterMs: number }[];
}

export interface ComparedRun {
  readonly seed: number;
  readonly dice: number | null;
  readonly auc: number | null;
  /** Whose model is the best; null where several models speak. */
  readonly round: number | null;
  readonly sha256: string | null;
}

/** Several federations of the same hospitals beside each other. */
export interface ComparisonRecord {
  readonly scenario: string;
  readonly description: string;
  readonly mode: 'real' | 'virtual';
  readonly engine: string;
  readonly seeds: readonly number[];
  readonly rounds: number;
  /** Passes over the cases that a baseline makes for each round. */
  readonly epochsPerRound: number;
  readonly validationCases: number;
  readonly variants: readonly ComparedVariant[];
  /** What repeats it. */
  readonly command: string;
}
