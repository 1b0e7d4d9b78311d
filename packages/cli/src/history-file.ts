import { csvText } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { METRIC_NAMES } from '@fedvox/job';
import type { EpochReport } from '@fedvox/learning';

/** The epochs of a training as CSV, whole after each. */
export class HistoryFile {
  readonly #path: string;
  readonly #reports: EpochReport[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  async add(...reports: readonly EpochReport[]): Promise<void> {
    this.#reports.push(...reports);
    await writeFileDurably(this.#path, historyCsv(this.#reports));
  }
}

export function historyCsv(reports: readonly EpochReport[]): string {
  const head = [
    ...['epoch', 'loss', ...METRIC_NAMES, 'volumes_per_second', 'data_wait_fraction'],
    'learning_rate',
  ];
  const rows = reports.map(
    ({ epoch, meanLoss, evaluation, volumesPerSecond, dataWaitFraction, learningRate }) => [
      ...[epoch, meanLoss, ...METRIC_NAMES.map((metric) => evaluation[metric])],
      ...[volumesPerSecond.toFixed(2), dataWaitFraction.toFixed(3)],
      learningRate ?? null,
    ],
  );
  return csvText([head, ...rows]);
}
