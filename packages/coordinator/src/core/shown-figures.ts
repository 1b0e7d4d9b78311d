import {
  type ExplainedFigures,
  type Figures,
  hasNoFigure,
  METRIC_NAMES,
  type MissingFigure,
} from '@fedvox/job';
import type { ModelRow, SiteCell } from './results.js';

export type ShownRow = Omit<ModelRow, 'sites'> &
  ExplainedFigures & { readonly sites: readonly (SiteCell & ExplainedFigures)[] };

/** A model's figures as they are told to operators: no null without its reason. */
export function shownRow({ sites, ...row }: ModelRow): ShownRow {
  const cells = sites.map((cell) => explained(cell, whyOfCell(cell)));
  return { ...explained(row, whyOfRow(row, sites)), sites: cells };
}

function explained<Cell extends Figures>(cell: Cell, why: MissingFigure): Cell & ExplainedFigures {
  const missing = METRIC_NAMES.filter((metric) => cell[metric] === null);
  if (missing.length === 0) return cell;
  return { ...cell, missing: Object.fromEntries(missing.map((metric) => [metric, why])) };
}

/** A site that answered without a figure withheld it. */
function whyOfCell(cell: SiteCell): MissingFigure {
  if (cell.weight === null) return 'no-answer';
  return hasNoFigure(cell) ? 'withheld' : 'undefined';
}

/** Withheld where all who answered withheld theirs. */
function whyOfRow(row: Figures, sites: readonly SiteCell[]): MissingFigure {
  if (sites.length === 0) return 'not-yet';
  return hasNoFigure(row) ? 'withheld' : 'undefined';
}
