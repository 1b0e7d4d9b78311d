import { type Figures, METRIC_NAMES, METRICS } from '@fedvox/job';
import { figure } from './figure.js';

/** The metric of a line that has room for one figure of each site. */
export const [FIRST_METRIC] = METRIC_NAMES;

/** Each figure with its title: "Dice 0.812", "AUC -". */
export function namedFigures(figures: Figures): string[] {
  return METRIC_NAMES.map((metric) => `${METRICS[metric].title} ${figure(figures[metric])}`);
}

/** What `figuresCell` shows, in the same order: "Dice / AUC". */
export const FIGURES_HEAD = METRIC_NAMES.map((metric) => METRICS[metric].title).join(' / ');

/** Figures in a cell of a table: "0.812 / -". */
export function figuresCell(figures: Figures | undefined): string {
  return METRIC_NAMES.map((metric) => figure(figures?.[metric])).join(' / ');
}
