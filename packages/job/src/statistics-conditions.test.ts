import { describe, expect, it } from 'vitest';
import { encodingSchema } from './encodings.js';
import { networkSchema } from './networks.js';
import { statisticsConditions } from './statistics-conditions.js';
import { STRATEGY_KINDS, type StrategyKind, type StrategySpec } from './strategies.js';
import { trainingSchema } from './training.js';

interface Said {
  readonly statistics: 'averaged' | 'local' | 'frozen';
  readonly strategy?: StrategyKind;
  readonly encoding?: object;
  readonly batchSize?: number;
}

function problems({ statistics, strategy = 'fedavg', encoding, batchSize = 2 }: Said): string[] {
  const norm = { kind: 'batch', statistics };
  const unmet = statisticsConditions({
    network: networkSchema.parse({ kind: 'unet', channels: [4, 8], strides: [2], norm }),
    training: trainingSchema.parse({ batchSize }),
    federation: {
      strategy: { kind: strategy } as StrategySpec,
      encoding: encoding && encodingSchema.parse(encoding),
    },
  });
  return unmet.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
const refused = (statistics: Said['statistics']) =>
  STRATEGY_KINDS.filter((strategy) => problems({ statistics, strategy }).length > 0);

describe('the statistics of batch norms', () => {
  it('are averaged where each value of a model lies between those of the sites', () => {
    expect(refused('averaged')).toEqual([
      ...['fedavgm', 'fedadam', 'fedyogi', 'fedadagrad', 'fedbuff'],
      ...['fednova', 'q-fedavg', 'fedbn'],
    ]);
    expect(problems({ statistics: 'averaged', strategy: 'fedadam' })).toEqual([
      'network.norm.statistics: is averaged, but fedadam goes further than any site, and a variance could fall below 0',
    ]);
  });

  it('stay at their site with FedBN alone', () => {
    expect(refused('local')).toEqual(STRATEGY_KINDS.filter((kind) => kind !== 'fedbn'));
    expect(problems({ statistics: 'local' })).toEqual([
      'network.norm.statistics: is local, but fedavg leaves no norm at its site, which fedbn does',
    ]);
  });

  it('are left alone by every strategy where they are frozen, in batches of one case too', () => {
    expect(refused('frozen')).toEqual([]);
    expect(problems({ statistics: 'frozen', batchSize: 1 })).toEqual([]);
  });

  it('are averaged as they were counted, to the bit', () => {
    const encodings = [
      { kind: 'float32' },
      { kind: 'bfloat16' },
      { kind: 'int8' },
      { kind: 'top-k' },
    ];
    const taken = encodings.filter(
      (encoding) => problems({ statistics: 'averaged', encoding }).length === 0,
    );
    expect(taken).toEqual([{ kind: 'float32' }]);
    expect(problems({ statistics: 'averaged', encoding: { kind: 'int8' } })).toEqual([
      'federation.encoding: is int8, but statistics are averaged: a rounded variance could fall below 0',
    ]);
    expect(
      problems({ statistics: 'local', strategy: 'fedbn', encoding: { kind: 'int8' } }),
    ).toEqual([]);
  });

  it('are of two cases or more', () => {
    const problem =
      'training.batchSize: is 1: a batch norm would normalise each case by itself in training, and otherwise in use';
    expect(problems({ statistics: 'averaged', batchSize: 1 })).toEqual([problem]);
    expect(problems({ statistics: 'local', strategy: 'fedbn', batchSize: 1 })).toEqual([problem]);
  });
});
