import { METRICS } from '@fedvox/job';
import type { RunProgress } from '@fedvox/simulator';
import { coverageText } from './coverage.js';
import { duration } from './duration.js';
import { figure } from './figure.js';
import { FIRST_METRIC, firstFigure, namedFigures } from './figures-text.js';
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

function roundLine({ row, rounds }: Extract<RunProgress, { kind: 'round' }>): string {
  const name = row.round === 0 ? 'before training' : `round ${row.round}/${rounds}`;
  const sites = row.sites.map((cell) => `${cell.site} ${firstFigure(cell)}`).join('  ');
  const bySite = `${METRICS[FIRST_METRIC].title} by site: ${sites}`;
  const coverage = coverageText(
    row,
    row.sites.map(({ site }) => site),
  );
  const of = coverage === '' ? '' : `, of sites: ${coverage}`;
  return `${name}: ${namedFigures(row).join(', ')}${of}  (${bySite})`;
}
