import { METRICS } from '@fedvox/job';
import type { RunProgress } from '@fedvox/simulator';
import { coverageText } from './coverage.js';
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
      case 'activity': {
        const sites = progress.sites.map(({ site, state }) => `${site} ${state}`).join(', ');
        return output.status(`round ${progress.round}/${progress.rounds}: ${sites}`);
      }
    }
  };
}

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
