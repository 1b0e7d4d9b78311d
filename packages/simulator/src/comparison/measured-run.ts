import type { Sha256 } from '@fedvox/base';
import type { RoundAttendance } from '../virtual/answer-times.js';

/** Of a model on one validation case. */
export interface CaseDice {
  readonly site: string;
  readonly caseId: string;
  /** One for each foreground class; null where the case does not have it. */
  readonly byClass: readonly (number | null)[];
}

/** Of a model on the validation cases of one site, all together; null where they have none. */
export interface SiteAuc {
  readonly site: string;
  readonly auc: number | null;
}

/** A model on the validation cases of sites. */
export interface MeasuredCases {
  readonly cases: readonly CaseDice[];
  readonly aucBySite: readonly SiteAuc[];
}

/** What one training ended in: that of a variant or of a baseline, with one seed. */
export interface MeasuredRun extends MeasuredCases {
  readonly seed: number;
  /** As its job's own validation had it. */
  readonly dice: number | null;
  readonly auc: number | null;
  /** Null where several models speak. */
  readonly round: number | null;
  readonly sha256: Sha256 | null;
  readonly curve: readonly (number | null)[];
  readonly bytes: number | null;
  readonly durationMs: number | null;
  /** Of a federation on virtual time. */
  readonly attendance?: readonly RoundAttendance[];
}
