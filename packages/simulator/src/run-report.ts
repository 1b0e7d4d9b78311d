import type { Sha256 } from '@fedvox/base';

/** One figure pair; null where it is undefined or a site's policy withheld it. */
export interface FigureCells {
  readonly dice: number | null;
  readonly auc: number | null;
}

export interface SiteFigures extends FigureCells {
  readonly site: string;
  /** There where the site answered and told no figure. */
  readonly withheld?: true | undefined;
}

export interface RoundRow extends FigureCells {
  /** 1 to R: the global model that this round made. */
  readonly round: number;
  readonly sites: readonly SiteFigures[];
}

/** Bytes that left each hospital, by site and by kind. */
export type EgressBytes = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What a run ends with, as people and programs read it. */
export interface Report {
  readonly job: string;
  readonly rounds: readonly RoundRow[];
  readonly best: { readonly round: number; readonly path: string; readonly sha256: Sha256 };
  readonly egress: EgressBytes;
}

/**
 * Puts a finished job together with what left each hospital. Round 0, the untrained model, is left
 * out; sites stand in the order of their names; whatever else the rows carry is dropped.
 */
export function composeReport(parts: {
  readonly job: string;
  readonly rounds: readonly RoundRow[];
  readonly best: Report['best'];
  readonly egress: EgressBytes;
}): Report {
  const rounds = parts.rounds
    .filter(({ round }) => round >= 1)
    .toSorted((a, b) => a.round - b.round)
    .map(({ round, sites, dice, auc }) => ({
      round,
      sites: sites
        .map(({ site, dice, auc }) => ({ site, dice, auc }))
        .toSorted((a, b) => (a.site < b.site ? -1 : 1)),
      dice,
      auc,
    }));
  const { round, path, sha256 } = parts.best;
  return { job: parts.job, rounds, best: { round, path, sha256 }, egress: parts.egress };
}
