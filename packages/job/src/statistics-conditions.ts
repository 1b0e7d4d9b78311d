import { type EncodingSpec, PLAIN } from './encodings.js';
import { type NetworkSpec, statisticsOf } from './networks.js';
import type { StrategyKind, StrategySpec } from './strategies.js';
import type { UnmetCondition } from './strategy-conditions.js';
import type { TrainingSpec } from './training.js';

interface Conditioned {
  readonly network: NetworkSpec;
  readonly training: TrainingSpec;
  readonly federation: {
    readonly strategy: StrategySpec;
    readonly encoding?: EncodingSpec | undefined;
  };
}

const BEYOND = 'goes further than any site, and a variance could fall below 0';

/**
 * Why a strategy cannot average statistics; null where each value of the next model lies between those of
 * the sites.
 */
const CANNOT_AVERAGE: Readonly<Record<StrategyKind, string | null>> = {
  fedavg: null,
  fedprox: null,
  fedavgm: BEYOND,
  fedadam: BEYOND,
  fedyogi: BEYOND,
  fedadagrad: BEYOND,
  fedbuff: 'adds what was counted for an earlier model, and a variance could fall below 0',
  median: null,
  'trimmed-mean': null,
  krum: null,
  'geometric-median': null,
  fednova: BEYOND,
  'q-fedavg': 'takes a part of the way, and statistics would fall behind the weights',
  scaffold: null,
  ditto: null,
  fedbn: 'leaves norms at their site',
};

const STATISTICS = ['network', 'norm', 'statistics'];

/** What a job would have to say otherwise for the statistics of its network to mean something. */
export function statisticsConditions({
  network,
  training,
  federation,
}: Conditioned): UnmetCondition[] {
  const statistics = statisticsOf(network);
  if (statistics === null || statistics === 'frozen') return [];
  const { strategy, encoding = PLAIN } = federation;
  const unmet: UnmetCondition[] = [];
  if (training.batchSize === 1) {
    const message =
      'is 1: a batch norm would normalise each case by itself in training, and otherwise in use';
    unmet.push({ path: ['training', 'batchSize'], message });
  }
  if (statistics === 'local') {
    if (strategy.kind === 'fedbn') return unmet;
    const message = `is local, but ${strategy.kind} leaves no norm at its site, which fedbn does`;
    return [...unmet, { path: STATISTICS, message }];
  }
  const reason = CANNOT_AVERAGE[strategy.kind];
  if (reason !== null) {
    unmet.push({ path: STATISTICS, message: `is averaged, but ${strategy.kind} ${reason}` });
  }
  if (encoding.kind !== 'float32') {
    const message = `is ${encoding.kind}, but statistics are averaged: a rounded variance could fall below 0`;
    unmet.push({ path: ['federation', 'encoding'], message });
  }
  return unmet;
}
