import type { Sha256 } from '@fedvox/base';
import { type ExplainedFigures, figuresOf } from '@fedvox/job';

export interface SiteFigures extends ExplainedFigures {
  readonly site: string;
}

export interface RoundRow extends ExplainedFigures {
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
 * Puts a finished job together with what left each hospital. Round 0, the first model, is left
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
    .map((row) => ({
      round: row.round,
      sites: row.sites
        .map((cells) => ({ site: cells.site, ...figuresOf(cells) }))
        .toSorted((a, b) => (a.site < b.site ? -1 : 1)),
      ...figuresOf(row),
    }));
  const { round, path, sha256 } = parts.best;
  return { job: parts.job, rounds, best: { round, path, sha256 }, egress: parts.egress };
}
