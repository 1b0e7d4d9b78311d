import { METRICS } from '@fedvox/job';
import type { RoundRow, RunProgress } from '@fedvox/simulator';
import { coverageText } from './coverage.js';
import { duration } from './duration.js';
import { figure } from './figure.js';
import { FIRST_METRIC, firstFigure, namedFigures } from './figures-text.js';
import { MOST_SITES_SHOWN } from './rounds-table.js';
import type { Output } from './terminal.js';

/** Tells a run's progress: a line per step and round; on a terminal also what is happening now. */
export function tellProgress(output: Output): (progress: RunProgress) => void {
  return (progress) => {
    switch (progress.kind) {
      case 'step':
        return output.progress(progress.text);
      case 'round':
        return output.progress(roundLine(progress));
      case 'piece':
        return output.status(pieceLine(progress));
      case 'piece-done': {
        const before = progress.isNew ? '' : ', done before';
        return output.progress(`${pieceName(progress)}: ${diceText(progress.dice)}${before}`);
      }
      case 'activity': {
        const sites = progress.sites.map(({ site, state }) => `${site} ${state}`).join(', ');
        return output.status(`round ${progress.round}/${progress.rounds}: ${sites}`);
      }
    }
  };
}

type Piece = Extract<RunProgress, { kind: 'piece' }>;

const pieceName = ({ place, total, name, seed }: Omit<Piece, 'kind' | 'at' | 'leftMs'>) =>
  `[${place}/${total}] ${name}, seed ${seed}`;

function pieceLine(piece: Piece): string {
  const { at, leftMs } = piece;
  const round = at === null ? '' : `, round ${at.round}/${at.rounds}, ${diceText(at.dice)}`;
  const left = leftMs === null ? '' : `, about ${duration(leftMs)} left`;
  return `${pieceName(piece)}${round}${left}`;
}

const diceText = (dice: number | null) => `${METRICS.dice.title} ${figure(dice)}`;

/** Each site's first figure; of many the worst and the best. */
function sitesText({ sites }: RoundRow): string {
  const said = (cells: RoundRow['sites']) =>
    cells.map((cell) => `${cell.site} ${firstFigure(cell)}`);
  if (sites.length <= MOST_SITES_SHOWN) return said(sites).join('  ');
  const measured = sites.filter((cell) => cell[FIRST_METRIC] !== null);
  const ranked = measured.toSorted((a, b) => Number(a[FIRST_METRIC]) - Number(b[FIRST_METRIC]));
  return said([...ranked.slice(0, 1), ...ranked.slice(-1)]).join(' to ');
}

function roundLine({ row, rounds }: Extract<RunProgress, { kind: 'round' }>): string {
  const name = row.round === 0 ? 'before training' : `round ${row.round}/${rounds}`;
  const bySite = `${METRICS[FIRST_METRIC].title} by site: ${sitesText(row)}`;
  const coverage = coverageText(
    row,
    row.sites.map(({ site }) => site),
  );
  const of = coverage === '' ? '' : `, of sites: ${coverage}`;
  return `${name}: ${namedFigures(row).join(', ')}${of}  (${bySite})`;
}
