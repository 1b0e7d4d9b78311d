import { combineFigures } from '@fedvox/aggregation';
import type { Sha256 } from '@fedvox/base';
import { type Figures, NO_FIGURES } from '@fedvox/job';
import {
  type Choice,
  chooseBest,
  choosing,
  type ModelComparison,
  type SiteScore,
} from './best-model.js';

/** Figures that a site reported in `round` about the model that the round before had made. */
export interface ReportedFigures {
  readonly round: number;
  readonly site: string;
  readonly weight: number;
  readonly figures: Figures;
}

/** One global model, with its figures where they are known. */
export interface ModelRow extends Figures {
  /** 0 is the model that the job began with. */
  readonly round: number;
  readonly modelSha256: Sha256;
  readonly sites: readonly SiteCell[];
}

/** Its weight is null where the site did not report about this model. */
export type SiteCell = SiteScore;

/**
 * Models × sites. A statement describes its base model, so the figures of model r were collected in
 * round r + 1; a model that nobody has evaluated yet has no cells.
 * @param models the initial model, then one per committed round
 * @param maxShare the largest part of a mean that one site may be; null for plain weights
 */
export function tabulate(
  models: readonly Sha256[],
  reports: readonly ReportedFigures[],
  maxShare: number | null = null,
): readonly ModelRow[] {
  const sites = [...new Set(reports.map(({ site }) => site))].sort();
  const byRound = new Map<number, ReportedFigures[]>();
  for (const report of reports) {
    const ofRound = byRound.get(report.round);
    if (ofRound === undefined) byRound.set(report.round, [report]);
    else ofRound.push(report);
  }
  return models.map((modelSha256, round) => {
    const about = byRound.get(round + 1) ?? [];
    const bySite = new Map(about.map((report) => [report.site, report]));
    const cells = about.length === 0 ? [] : sites.map((site) => cellOf(site, bySite.get(site)));
    return { round, modelSha256, sites: cells, ...combineFigures(about, maxShare) };
  });
}

/** The best model of rounds 1 … R; null where none is, as `chooseBest` says. */
export function bestOf(rows: readonly ModelRow[], comparison: ModelComparison): ModelRow | null {
  return bestIn(chooseBest(rows, comparison));
}

/** The same, a step at a time, as `choosing`. */
export function* findingBest(
  rows: readonly ModelRow[],
  comparison: ModelComparison,
): Generator<void, ModelRow | null> {
  return bestIn(yield* choosing(rows, comparison));
}

const bestIn = (choice: Choice<ModelRow>): ModelRow | null =>
  choice.kind === 'best' ? choice.model : null;

function cellOf(site: string, report: ReportedFigures | undefined): SiteCell {
  if (report === undefined) return { site, ...NO_FIGURES, weight: null };
  return { site, ...report.figures, weight: report.weight };
}
