import type { Figures, Job } from '@fedvox/job';

export interface FigureInterval {
  readonly low: number;
  readonly high: number;
}

/** How a model does on cases that lie where the report is made. */
export interface EvaluationRecord {
  readonly job: Job;
  /** Null where the cases were measured by several models: folds. */
  readonly modelSha256: string | null;
  readonly split: 'all' | 'validation' | 'unseen';
  readonly evaluation: Figures & {
    /** Within which surfaces count as one. */
    readonly surfaceToleranceMm: number;
    /** One for each foreground class. */
    readonly perClass: readonly EvaluatedClass[];
    readonly perSite?: readonly {
      readonly site: string;
      readonly dice: number | null;
      readonly perClass: readonly EvaluatedClass[];
      readonly validationCases: number;
      /** Where the job classifies cases. */
      readonly told?: { readonly auc: number | null; readonly caseClasses: EvaluatedCaseClasses };
    }[];
    /** Where lesions were looked at. */
    readonly lesions?: EvaluatedLesions;
    /** Where the job classifies cases, and one model did. */
    readonly caseClasses?: EvaluatedCaseClasses;
    readonly intervals: {
      readonly auc?: FigureInterval | null;
      readonly dice: FigureInterval | null;
      readonly perClass: readonly (FigureInterval | null)[];
    };
    readonly perCase: readonly EvaluatedCase[];
  };
}

export interface EvaluatedClass {
  readonly name: string;
  readonly dice: number | null;
  readonly hd95Mm: number | null;
  readonly surfaceDice: number | null;
  /** Without their sign. */
  readonly volumeError: number | null;
  readonly cases: number;
  readonly falsePositiveVoxels: number;
  readonly missed?: { readonly cases: number };
}

export interface EvaluatedLesions {
  readonly rule: { readonly neighbours: number; readonly overlap: number };
  readonly perClass: readonly {
    readonly name: string;
    readonly lesions: number;
    readonly found: number;
    readonly sensitivity: number | null;
    readonly falsePositives: number;
    readonly froc: readonly {
      readonly falsePositives: number | null;
      readonly sensitivity: number | null;
    }[];
    readonly frocMean: number | null;
  }[];
}

export interface EvaluatedCaseClasses {
  readonly specificity: number;
  readonly perClass: readonly {
    readonly name: string;
    readonly cases: number;
    readonly auc: number | null;
    readonly sensitivity: number | null;
  }[];
  readonly accuracy: number;
}

export interface EvaluatedCase {
  readonly caseId: string;
  readonly site?: string;
  /** Where the job classifies cases. */
  readonly classified?: ToldCase;
  readonly dice: number | null;
  /** In the order of the classes. */
  readonly perClass: readonly {
    readonly dice: number | null;
    readonly hd95Mm: number | null;
    readonly surfaceDice: number | null;
    readonly volumeError: number | null;
    readonly referenceMl: number;
    readonly predictedMl: number;
  }[];
}

export interface ToldCase {
  readonly reference: string;
  readonly predicted: string;
  readonly probabilities: Readonly<Record<string, number>>;
}
