import {
  ENCODING_KINDS,
  type JobInput,
  jobSchema,
  lossSchema,
  NETWORK_KINDS,
  networkSchema,
  newJobSchema,
  optimizerSchema,
  STRATEGY_KINDS,
  trainingSchema,
} from '@fedvox/job';
import { describe, expect, it } from 'vitest';
import { CAPABILITIES, capabilitiesFor, lackingOf } from './capabilities.js';

const written = {
  name: 'tiny',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2 },
  seed: 1,
} satisfies JobInput;
const job = jobSchema.parse(written);

describe('what a job needs of an agent', () => {
  it('is its network, its strategy and the deltas that this version takes', () => {
    expect(capabilitiesFor(job)).toEqual(['delta-f32', 'network-unet', 'strategy-fedavg']);
  });

  it('is that it says its local steps, where the strategy counts them', () => {
    const strategy = { kind: 'fednova' } as const;
    const stepwise = { ...job, federation: { ...job.federation, strategy } };
    expect(capabilitiesFor(stepwise)).toContain('local-steps');
    expect(lackingOf(capabilitiesFor(stepwise), CAPABILITIES)).toEqual([]);
  });

  it('is the optimizer and the fixed steps that not every agent knows', () => {
    const training = { ...job.training, localSteps: 8 };
    const descent = { ...training, optimizer: { kind: 'sgd', learningRate: 0.1 } } as const;
    expect(capabilitiesFor({ ...job, training: descent }).slice(3)).toEqual([
      'optimizer-sgd',
      'fixed-steps',
    ]);
  });

  it('is a loss that not every agent knows, and what it says since there are such', () => {
    const needsOf = (loss: Parameters<typeof lossSchema.parse>[0]) =>
      capabilitiesFor({ ...job, training: { ...job.training, loss: lossSchema.parse(loss) } });
    expect(needsOf({ kind: 'tversky' }).slice(3)).toEqual(['loss-tversky']);
    expect(needsOf({ kind: 'dice-ce', batch: false }).slice(3)).toEqual(['loss-settings']);
    expect(needsOf({ kind: 'dice-ce', includeBackground: false })).toEqual(capabilitiesFor(job));
  });

  it('is to do with a prediction what the job says of it', () => {
    const needsOf = (inference: JobInput['inference']) =>
      capabilitiesFor(jobSchema.parse({ ...written, inference })).slice(3);
    expect(needsOf({ overlap: 0.5 })).toEqual([]);
    expect(needsOf({ flips: ['x'] })).toEqual(['inference-settings']);
    expect(needsOf({ postprocess: [{ kind: 'fill-holes' }] })).toEqual(['inference-settings']);
  });

  it('is to train on patches, where the job says so', () => {
    const training = { ...written.training, patches: { size: [8, 8, 8] as [8, 8, 8] } };
    expect(capabilitiesFor(jobSchema.parse({ ...written, training })).slice(3)).toEqual([
      'patches',
    ]);
  });

  it('is to read how often a round is written down, where the job says it', () => {
    const training = { ...written.training, checkpointEvery: 10 };
    expect(capabilitiesFor(jobSchema.parse({ ...written, training })).slice(3)).toEqual([
      'round-checkpoints',
    ]);
  });

  it('is to compute anew what is within blocks, where the job says so of a network that is older', () => {
    const needsOf = (network: JobInput['network']) =>
      capabilitiesFor(jobSchema.parse({ ...written, network })).slice(3);
    const checkpointing = true;
    expect(needsOf({ ...written.network, checkpointing })).toEqual(['activation-checkpointing']);
    expect(needsOf({ kind: 'segresnet', checkpointing })).toEqual(['activation-checkpointing']);
    expect(needsOf({ kind: 'swin-unetr', checkpointing })).toEqual([]);
  });

  it('is to classify cases, where the job does', () => {
    const norm = { kind: 'batch', statistics: 'averaged' } as const;
    const classifying = jobSchema.parse({
      ...{ ...written, task: { kind: 'classification' }, network: { kind: 'densenet', norm } },
      training: { batchSize: 2, loss: { kind: 'cross-entropy' } },
      evaluation: { ...written.evaluation, bestBy: 'auc' },
    });
    expect(capabilitiesFor(classifying)).toEqual([
      ...['delta-f32', 'network-densenet', 'strategy-fedavg', 'loss-cross-entropy'],
      ...['batch-norm', 'classification'],
    ]);
  });

  it('is what an optimizer says beside what every agent knows', () => {
    const needsOf = (optimizer: Parameters<typeof optimizerSchema.parse>[0]) => {
      const training = { ...job.training, optimizer: optimizerSchema.parse(optimizer) };
      return capabilitiesFor({ ...job, training }).slice(3);
    };
    expect(needsOf({ kind: 'adam', weightDecay: 0 })).toEqual(['optimizer-settings']);
    expect(needsOf({ kind: 'adamw' })).toEqual(['optimizer-adamw']);
    expect(needsOf({ kind: 'sgd', momentum: 0.9 })).toEqual([
      'optimizer-sgd',
      'optimizer-settings',
    ]);
    expect(needsOf({ kind: 'sgd' })).toEqual(['optimizer-sgd']);
  });

  it('is what a schedule says since there are warm-ups of parts, and steps', () => {
    const needsOf = (schedule: object) => {
      const training = trainingSchema.parse({ batchSize: 1, localSteps: 4, schedule });
      return capabilitiesFor({ ...job, training }).slice(3);
    };
    expect(needsOf({ kind: 'cosine', warmupRounds: 1 })).toEqual(['job-schedule', 'fixed-steps']);
    expect(needsOf({ kind: 'plateau' })).toEqual([
      ...['job-schedule', 'schedule-plateau', 'fixed-steps'],
    ]);
    for (const said of [{ over: 'rounds' }, { warmup: { length: 2 } }]) {
      expect(needsOf({ kind: 'cosine', ...said })).toContain('schedule-settings');
    }
  });

  it('is to read what its firewall is, or that weights are declared, where the job says so', () => {
    const basic = capabilitiesFor(job);
    expect(capabilitiesFor(newJobSchema.parse(written))).toEqual([...basic, 'firewall']);
    const declared = { kind: 'fedavg', weights: { declared: { east: 1, north: 2 } } } as const;
    const federation = { ...written.federation, sites: ['east', 'north'], strategy: declared };
    expect(capabilitiesFor(jobSchema.parse({ ...written, federation }))).toContain('firewall');
  });

  it('is among what this version is capable of, whatever network and strategy a job names', () => {
    const kinds = [
      ...NETWORK_KINDS.map((kind) => `network-${kind}`),
      ...STRATEGY_KINDS.map((kind) => `strategy-${kind}`),
    ];
    expect(CAPABILITIES).toEqual(expect.arrayContaining(kinds));
    expect(lackingOf(capabilitiesFor(job), CAPABILITIES)).toEqual([]);
  });

  it('is that it writes deltas as the job says, and knows that a job may say it', () => {
    const needed = ENCODING_KINDS.map((kind) => {
      const encoding = kind === 'top-k' ? { kind, fraction: 0.1 } : { kind };
      return capabilitiesFor({ ...job, federation: { ...job.federation, encoding } });
    });
    expect(needed.map(([delta]) => delta)).toEqual([
      ...['delta-f32', 'delta-bf16', 'delta-int8', 'delta-top-k'],
    ]);
    for (const each of needed) {
      expect(each).toContain('job-encoding');
      expect(lackingOf(each, CAPABILITIES)).toEqual([]);
    }
  });

  it('is that it knows what a job says of its UNet, where it says it', () => {
    const neededBy = (options: object) =>
      capabilitiesFor({ ...job, network: networkSchema.parse({ ...job.network, ...options }) });
    expect(neededBy({ norm: { kind: 'instance', affine: true } })).toContain('affine-norm');
    const norm = { kind: 'batch', statistics: 'averaged' };
    expect(neededBy({ norm }).slice(3)).toEqual(['batch-norm']);
    const dynunet = { kind: 'dynunet', filters: [4, 6, 8], strides: [2, 2], norm };
    const neededByIt = capabilitiesFor({ ...job, network: networkSchema.parse(dynunet) });
    expect(neededByIt.slice(1)).toEqual(['network-dynunet', 'strategy-fedavg', 'batch-norm']);
    for (const options of [{ kernelSize: 3 }, { upKernelSize: [3, 3, 1] }, { dropout: 0 }]) {
      expect(neededBy(options)).toContain('unet-options');
    }
    expect(neededBy({})).toEqual(capabilitiesFor(job));
    expect(neededBy({})).not.toContain('unet-options');
  });

  it('is lacking by name, in the order of the need', () => {
    expect(lackingOf(capabilitiesFor(job), ['network-unet', 'decline'])).toEqual([
      'delta-f32',
      'strategy-fedavg',
    ]);
  });
});
