import type { Clock } from '@fedvox/base';
import type { EpochReport } from '@fedvox/learning';
import { duration } from '../duration.js';
import { namedFigures } from '../figures-text.js';
import type { Output } from '../terminal.js';

/** Tells of each epoch, at what pace the rest goes, and what memory this process has taken at most. */
export function epochTeller(
  output: Output,
  epochs: number,
  clock: Clock,
): (report: EpochReport) => void {
  const startedMs = clock.nowMs();
  let told = 0;
  return (report) => {
    told++;
    const left = epochs - report.epoch;
    const leftMs = ((clock.nowMs() - startedMs) / told) * left;
    // In KiB, as the system counts.
    const mebibytes = process.resourceUsage().maxRSS / 1_024;
    const line = [epochLine(report, epochs), `${mebibytes.toFixed(0)} MiB at most`];
    output.progress([...line, ...(left > 0 ? [`about ${duration(leftMs)} left`] : [])].join('  '));
  };
}

export function epochLine(
  { epoch, meanLoss, volumesPerSecond, evaluation }: EpochReport,
  epochs: number,
): string {
  return [
    `epoch ${epoch}/${epochs}`,
    `loss ${meanLoss.toFixed(3)}`,
    ...namedFigures(evaluation),
    `${volumesPerSecond.toFixed(1)} volumes/s`,
  ].join('  ');
}
