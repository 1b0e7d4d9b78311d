import { type ExplainedFigures, METRIC_NAMES, METRICS, type MetricName } from '@fedvox/job';
import { figure } from './figure.js';

/** The metric of a line that has room for one figure of each site. */
export const [FIRST_METRIC] = METRIC_NAMES;

const figureOf = (figures: ExplainedFigures, metric: MetricName) =>
  figure(figures[metric], figures.missing?.[metric]);

/** The one figure of a line that has no room for more: "0.812", "withheld". */
export function firstFigure(figures: ExplainedFigures): string {
  return figureOf(figures, FIRST_METRIC);
}

/** Each figure with its title: "Dice 0.812", "AUC -". */
export function namedFigures(figures: ExplainedFigures): string[] {
  return METRIC_NAMES.map((metric) => `${METRICS[metric].title} ${figureOf(figures, metric)}`);
}

/** What `figuresCell` shows, in the same order: "Dice / AUC". */
export const FIGURES_HEAD = METRIC_NAMES.map((metric) => METRICS[metric].title).join(' / ');

/** Figures in a cell of a table: "0.812 / -"; one word where it is of all of them: "withheld". */
export function figuresCell(figures: ExplainedFigures | undefined): string {
  if (figures === undefined) return METRIC_NAMES.map(() => figure(null)).join(' / ');
  const reasons = new Set(METRIC_NAMES.map((metric) => figures.missing?.[metric]));
  const [only] = reasons;
  if (reasons.size === 1 && (only === 'withheld' || only === 'not-yet')) return figure(null, only);
  return METRIC_NAMES.map((metric) => figureOf(figures, metric)).join(' / ');
}
