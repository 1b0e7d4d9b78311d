import { combineFigures } from '@fedvox/aggregation';
import type { Sha256 } from '@fedvox/base';
import { type Figures, isBetter, type MetricName } from '@fedvox/job';

/** Figures that a site reported in `round` about the model that the round before had made. */
export interface ReportedFigures {
  readonly round: number;
  readonly site: string;
  readonly weight: number;
  readonly figures: Figures;
}

/** One global model, with its figures where they are known. */
export interface ModelRow extends Figures {
  /** 0 is the untrained model. */
  readonly round: number;
  readonly modelSha256: Sha256;
  readonly sites: readonly SiteCell[];
}

export interface SiteCell extends Figures {
  readonly site: string;
  /** Null where the site did not report about this model. */
  readonly weight: number | null;
}

/**
 * Models × sites. A statement describes its base model, so the figures of model r were collected in
 * round r + 1; a model that nobody has evaluated yet has no cells.
 * @param models the initial model, then one per committed round
 */
export function tabulate(
  models: readonly Sha256[],
  reports: readonly ReportedFigures[],
): readonly ModelRow[] {
  const sites = [...new Set(reports.map(({ site }) => site))].sort();
  return models.map((modelSha256, round) => {
    const about = reports.filter((report) => report.round === round + 1);
    const cells = about.length === 0 ? [] : sites.map((site) => cellOf(site, about));
    return { round, modelSha256, sites: cells, ...combineFigures(about) };
  });
}

/** The best model of rounds 1 … R by its declared metric; the earlier one of equals. */
export function bestOf(rows: readonly ModelRow[], bestBy: MetricName): ModelRow | null {
  let best: ModelRow | null = null;
  let bestFigure: number | null = null;
  for (const row of rows) {
    const figure = row[bestBy];
    if (row.round === 0 || figure === null) continue;
    if (bestFigure !== null && !isBetter(bestBy, figure, bestFigure)) continue;
    [best, bestFigure] = [row, figure];
  }
  return best;
}

function cellOf(site: string, about: readonly ReportedFigures[]): SiteCell {
  const report = about.find((candidate) => candidate.site === site);
  if (report === undefined) return { site, dice: null, auc: null, weight: null };
  return { site, ...report.figures, weight: report.weight };
}
