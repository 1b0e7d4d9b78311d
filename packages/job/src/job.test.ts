import { describe, expect, it } from 'vitest';
import { DEFAULT_FIREWALL } from './firewall.js';
import { decodeJob, encodeJob, type JobInput, jobDigest, jobSchema, newJobSchema } from './job.js';
import { durationMs } from './names.js';

const input: JobInput = {
  name: 'hippocampus',
  classes: ['background', 'anterior', 'posterior'],
  preprocess: [{ kind: 'zscore' }, { kind: 'crop-or-pad', size: [48, 64, 48] }],
  network: { kind: 'unet', channels: [16, 32, 64], strides: [2, 2] },
  training: { batchSize: 4 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['anterior'] } },
  federation: { rounds: 3, minSites: 2, deadline: '15m' },
  seed: 1,
};

const problems = (changes: object) =>
  jobSchema
    .safeParse({ ...input, ...changes })
    .error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];

describe('a job', () => {
  it('has every default filled in, so that its bytes say all there is to say', () => {
    const job = jobSchema.parse(input);
    expect(job.training.optimizer).toEqual({
      kind: 'adam',
      learningRate: 1e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
    });
    expect(durationMs(job.federation.deadline)).toBe(900_000);
  });

  it('keeps its digest through its canonical bytes and whatever the order of its keys', () => {
    const job = jobSchema.parse(input);
    const reordered = jobSchema.parse(Object.fromEntries(Object.entries(input).reverse()));
    expect(decodeJob(encodeJob(job))).toEqual(job);
    expect(jobDigest(reordered)).toBe(jobDigest(job));
    expect(jobDigest(jobSchema.parse({ ...input, seed: 2 }))).not.toBe(jobDigest(job));
  });

  it('has the bytes it had before accumulation and clipping could be asked for, where they are not', () => {
    // Recorded with the version before them: a running job's digest must survive an upgrade.
    const before = 'ea823fd1ae1d0784d402ca0933a9ce24b9e8ef1179e433f15db31582eda4a296';
    expect(jobDigest(jobSchema.parse(input))).toBe(before);
    const training = { ...input.training, accumulate: 2, clipNorm: 12 };
    const job = jobSchema.parse({ ...input, training });
    expect(jobDigest(job)).not.toBe(before);
    expect(decodeJob(encodeJob(job)).training).toMatchObject({ accumulate: 2, clipNorm: 12 });
  });

  it('is refused where a round may have fewer sites than its strategy needs, which is named', () => {
    const faults = (minSites: number, strategy: JobInput['federation']['strategy']) =>
      problems({ federation: { ...input.federation, minSites, strategy } });
    const krum = { kind: 'krum', byzantine: 2 } as const;
    expect(faults(6, krum)).toEqual([
      'federation.minSites: asks for 6 sites, but krum as it is here needs 7 in every round',
    ]);
    expect(faults(7, krum)).toEqual([]);
    expect(faults(7, { ...krum, selected: 6 })).toEqual([expect.stringContaining('needs 8')]);
    expect(faults(4, { kind: 'trimmed-mean' })).toEqual([expect.stringContaining('needs 5')]);
    expect(faults(10, { kind: 'trimmed-mean', fraction: 0.1 })).toEqual([]);
    expect(faults(2, { kind: 'median' })).toEqual([expect.stringContaining('needs 3')]);
    expect(faults(2, { kind: 'geometric-median' })).toEqual([expect.stringContaining('needs 3')]);
    expect(faults(2, { kind: 'fedavg' })).toEqual([]);
  });

  it('fixes plain steps for SCAFFOLD, or is refused with each condition by its name', () => {
    const strategy = { kind: 'scaffold' } as const;
    const faults = (training: object) =>
      problems({
        training: { ...input.training, ...training },
        federation: { ...input.federation, strategy },
      });
    const optimizer = { kind: 'sgd' };
    expect(faults({ optimizer, localSteps: 5 })).toEqual([]);
    expect(faults({ optimizer, localSteps: 5, schedule: { kind: 'plateau' } })).toEqual([
      'training.schedule: must be none by figures, kind: plateau, for the strategy scaffold',
    ]);
    expect(faults({ clipNorm: 1 })).toEqual([
      'training.optimizer: must be plain descent, kind: sgd, for the strategy scaffold',
      'training.localSteps: must be fixed, alike at all sites, for the strategy scaffold',
      'training.clipNorm: must be absent for the strategy scaffold',
    ]);
  });

  it('has every site in each round of SCAFFOLD, or is refused', () => {
    const strategy = { kind: 'scaffold' } as const;
    const participation = { kind: 'fraction', fraction: 0.5 } as const;
    const training = { ...input.training, optimizer: { kind: 'sgd' }, localSteps: 5 } as const;
    expect(
      problems({ training, federation: { ...input.federation, strategy, participation } }),
    ).toEqual([expect.stringContaining('scaffold needs every one of them in every round')]);
  });

  it('has norms with parameters for FedBN, or is refused', () => {
    const federation = { ...input.federation, strategy: { kind: 'fedbn' } } as const;
    const faults = (network: object) =>
      problems({ federation, network: { ...input.network, ...network } });
    expect(faults({ norm: { kind: 'instance', affine: true } })).toEqual([]);
    for (const norm of [undefined, { kind: 'instance', affine: false }]) {
      expect(faults({ norm })).toEqual([
        'network.norm: must be one with parameters, affine: true, for the strategy fedbn',
      ]);
    }
  });

  it('says of batch norms what its strategy can do, or is refused', () => {
    const faults = (statistics: string, strategy: JobInput['federation']['strategy']) =>
      problems({
        network: { ...input.network, norm: { kind: 'batch', statistics } },
        federation: { ...input.federation, strategy },
      });
    expect(faults('averaged', { kind: 'fedavg' })).toEqual([]);
    expect(faults('local', { kind: 'fedbn' })).toEqual([]);
    expect(faults('averaged', { kind: 'fedbn' })).toEqual([
      'network.norm.statistics: is averaged, but fedbn leaves norms at their site',
    ]);
  });

  it('says epochs or steps of a round, and not both', () => {
    const training = (changes: object) => problems({ training: { ...input.training, ...changes } });
    expect(training({ localSteps: 5, localEpochs: 1 })).toEqual([]);
    expect(training({ localSteps: 5, localEpochs: 2 })).toEqual([
      'training.localEpochs: is said beside localSteps, which is said instead of it',
    ]);
  });

  it('has the bytes it had before updates could be let to count alike, where they are not', () => {
    const withStrategy = (strategy: JobInput['federation']['strategy']) =>
      jobDigest(jobSchema.parse({ ...input, federation: { ...input.federation, strategy } }));
    expect(withStrategy({ kind: 'fedavg' })).toBe(jobDigest(jobSchema.parse(input)));
    const alike = withStrategy({ kind: 'fedavg', weights: 'uniform' });
    expect(alike).not.toBe(jobDigest(jobSchema.parse(input)));
  });

  it('has the bytes it had before its deltas could be encoded, where they are not', () => {
    const withEncoding = (encoding: JobInput['federation']['encoding']) =>
      jobSchema.parse({ ...input, federation: { ...input.federation, encoding } });
    expect(jobDigest(withEncoding(undefined))).toBe(jobDigest(jobSchema.parse(input)));
    const sparse = withEncoding({ kind: 'top-k' });
    expect(sparse.federation.encoding).toEqual({ kind: 'top-k', fraction: 0.05 });
    expect(jobDigest(sparse)).not.toBe(jobDigest(jobSchema.parse(input)));
    expect(decodeJob(encodeJob(sparse))).toEqual(sparse);
  });

  it('is refused where few sites send a value of which its strategy asks them all', () => {
    const strategy = { kind: 'median' } as const;
    const federation = { ...input.federation, minSites: 3, strategy };
    expect(problems({ federation: { ...federation, encoding: { kind: 'top-k' } } })).toEqual([
      'federation.encoding: is top-k, which median cannot be computed from: a value that few sites send is 0 to the others',
    ]);
    expect(problems({ federation: { ...federation, encoding: { kind: 'int8' } } })).toEqual([]);
  });

  it('has the bytes it had before its split could be by patient, until it is written anew', () => {
    const job = jobSchema.parse(input);
    expect(decodeJob(encodeJob(job)).evaluation).not.toHaveProperty('split');
    expect(newJobSchema.parse(input).evaluation.split).toBe('by-patient');
    const asBefore = { ...input, evaluation: { ...input.evaluation, split: 'by-rank' } };
    expect(newJobSchema.parse(asBefore).evaluation.split).toBe('by-rank');
    expect(jobDigest(newJobSchema.parse(input))).not.toBe(jobDigest(job));
  });

  it('has the bytes it had before selection and schedule could be asked for, where they are not', () => {
    const job = jobSchema.parse(input);
    const schedule = { kind: 'cosine' } as const;
    const said = { selection: {}, training: { ...input.training, schedule } };
    const asking = jobSchema.parse({ ...input, ...said });
    expect(Object.keys(job)).not.toContain('selection');
    expect(Object.keys(job.training)).not.toContain('schedule');
    expect(asking.selection).toEqual({ over: 'weighted' });
    expect(decodeJob(encodeJob(asking))).toEqual(asking);
  });

  it('is refused with a gain that nothing waits for, or a warm-up of all its rounds', () => {
    expect(problems({ selection: { minGain: 0.1 } })).toEqual([
      'selection.minGain: has no meaning without selection.patience',
    ]);
    const schedule = { kind: 'constant', warmupRounds: 3 };
    expect(problems({ training: { ...input.training, schedule } })).toEqual([
      "training.schedule.warmupRounds: leaves none of the job's 3 rounds to train at the full rate",
    ]);
  });

  it.each([
    [
      { over: 'steps' },
      {},
      'over: counts local steps, which differ by site: fix them by localSteps',
    ],
    [
      { over: 'steps', warmupRounds: 1 },
      { localSteps: 4 },
      'warmupRounds: is said where warmup would be: say that alone',
    ],
    [
      { warmup: { length: 1, multiplier: 0.5 }, warmupRounds: 1 },
      {},
      'warmupRounds: is said where warmup would be: say that alone',
    ],
    [
      { over: 'steps', warmup: { length: 12 } },
      { localSteps: 4 },
      "warmup: leaves none of the job's 12 steps to train at the full rate",
    ],
    [
      { warmup: { length: 3, multiplier: 0.5 } },
      {},
      "warmup: leaves none of the job's 3 rounds to train at the full rate",
    ],
    [
      { warmup: { length: 1 } },
      {},
      'warmup: begins with nothing, and the first round would train nothing',
    ],
    [
      { over: 'steps', warmup: { length: 1 } },
      { localSteps: 1 },
      'warmup: begins with nothing, and the first round would train nothing',
    ],
  ])('is refused with a schedule that does not fit: %j beside %j', (said, training, message) => {
    const schedule = { kind: 'cosine', ...said };
    expect(problems({ training: { ...input.training, ...training, schedule } })).toEqual([
      `training.schedule.${message}`,
    ]);
  });

  it('may warm up over steps from nothing, and over rounds from a part', () => {
    const overSteps = { kind: 'cosine', over: 'steps', warmup: { length: 11 } };
    const training = { ...input.training, localSteps: 4, schedule: overSteps };
    expect(problems({ training })).toEqual([]);
    const overRounds = { kind: 'cosine', warmup: { length: 2, multiplier: 0.1 } };
    expect(problems({ training: { ...input.training, schedule: overRounds } })).toEqual([]);
  });

  it('has a firewall where it is written today, and the bytes it had before where it was', () => {
    const job = jobSchema.parse(input);
    expect(decodeJob(encodeJob(job)).federation).not.toHaveProperty('firewall');
    expect(newJobSchema.parse(input).federation.firewall).toEqual({
      maxNormRatio: 5,
      minCosine: DEFAULT_FIREWALL.minCosine,
      onQuarantine: 'go-on',
    });
    const federation = { ...input.federation, firewall: 'off' as const };
    expect(newJobSchema.parse({ ...input, federation }).federation.firewall).toBe('off');
    const waiting = { ...federation, firewall: { maxNormRatio: 3, onQuarantine: 'wait' as const } };
    expect(newJobSchema.parse({ ...input, federation: waiting }).federation.firewall).toEqual({
      ...DEFAULT_FIREWALL,
      ...waiting.firewall,
    });
  });

  it('is refused with a firewall that it cannot have, and what it can have is named', () => {
    const faults = (firewall: object | string) =>
      problems({ federation: { ...input.federation, firewall } });
    expect(faults('on')).toEqual([expect.stringMatching(/^federation.firewall: must be off/)]);
    expect(faults({ maxNormRatio: 1 })).toHaveLength(1);
    expect(faults({ minCosine: 1 })).toHaveLength(1);
    expect(faults({ onQuarantine: 'ask' })).toHaveLength(1);
    expect(faults({ maxNorm: 3 })).toHaveLength(1);
  });

  it('may declare weights by site, where it names its sites and gives each one', () => {
    const faults = (declared: Record<string, number>, sites?: string[]) => {
      const strategy = { kind: 'fedavg', weights: { declared } };
      return problems({ federation: { ...input.federation, strategy, ...(sites && { sites }) } });
    };
    const declared = { east: 3, north: 0.5 };
    expect(faults(declared, ['north', 'east'])).toEqual([]);
    const incomplete = [expect.stringContaining('declares weights: it must name each site')];
    expect(faults(declared)).toEqual(incomplete);
    expect(faults(declared, ['north', 'east', 'south'])).toEqual(incomplete);
    expect(faults(declared, ['north', 'west'])).toEqual(incomplete);
    expect(faults(declared, ['north', 'ea*'])).toEqual(incomplete);
    expect(faults({ ...declared, east: 0 }, ['north', 'east'])).toHaveLength(1);
  });

  it('may ask for MR, CT or PET by DICOM’s codes, and for nothing else', () => {
    for (const modality of ['MR', 'CT', 'PT'] as const) {
      expect(jobSchema.parse({ ...input, data: { modality } }).data.modality).toBe(modality);
    }
    expect(problems({ data: { modality: 'PET' } })).toHaveLength(1);
  });

  it('is refused with a step of no batch or of half a one, or a gradient clipped to nothing', () => {
    const training = (changes: object) => problems({ training: { ...input.training, ...changes } });
    expect(training({ accumulate: 0 })).toHaveLength(1);
    expect(training({ accumulate: 1.5 })).toHaveLength(1);
    expect(training({ clipNorm: 0 })).toHaveLength(1);
  });

  it('is refused with an unknown metric, and the known ones are named', () => {
    const evaluation = { ...input.evaluation, bestBy: 'dise' };
    expect(problems({ evaluation })).toEqual([
      'evaluation.bestBy: unknown metric "dise"; known metrics: dice, auc',
    ]);
  });

  it('is refused with an AUC over a class it does not have', () => {
    const evaluation = { ...input.evaluation, auc: { level: 'case', classes: ['lesion'] } };
    expect(problems({ evaluation })).toEqual([
      'evaluation.auc.classes.0: is not a foreground class of this job (anterior, posterior)',
    ]);
  });

  it('is refused when its quorum cannot be reached by the sites it invites', () => {
    const federation = { ...input.federation, sites: ['north'] };
    expect(problems({ federation })).toEqual([
      'federation.minSites: asks for 2 sites, but only 1 are invited',
    ]);
  });

  it('is refused with a stride too many, a class twice, or a key nobody knows', () => {
    expect(problems({ network: { ...input.network, strides: [2, 2, 2] } })).toHaveLength(1);
    expect(problems({ classes: ['background', 'anterior', 'anterior'] })).toHaveLength(1);
    expect(problems({ script: 'rm -rf /' })).toHaveLength(1);
  });

  it('is refused by name when its bytes are not a job', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expect(() => decodeJob(bytes('{'))).toThrow(/not JSON/);
    expect(() => decodeJob(bytes('{"name":"x"}'))).toThrow(/network/);
  });
});
