import { describe, expect, it } from 'vitest';
import { decodeJob, encodeJob, jobSchema, newJobSchema } from './job.js';
import { mayTrain, participationFault } from './participation.js';
import { STRATEGY_KINDS, STRATEGY_TERMS } from './strategies.js';

const written = (federation: object) => ({
  name: 'tiny',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 2, minSites: 2, ...federation },
  seed: 1,
});
const faultOf = (federation: object) =>
  newJobSchema.safeParse(written(federation)).error?.issues.map(({ message }) => message)[0];

describe('who trains in a round', () => {
  it('is everybody where a job says nothing, and adds nothing to the bytes of such a job', () => {
    const job = newJobSchema.parse(written({}));
    expect('participation' in job.federation).toBe(false);
    expect(new TextDecoder().decode(encodeJob(job))).not.toContain('participation');
  });

  it('is a part of the sites, or those that are named, and comes back from the job’s bytes', () => {
    for (const participation of [
      { kind: 'all' },
      { kind: 'fraction', fraction: 0.3 },
      { kind: 'named', sites: ['north', 'clinic-*'] },
    ]) {
      const job = jobSchema.parse(written({ participation }));
      expect(decodeJob(encodeJob(job)).federation.participation).toEqual(participation);
    }
    const named = { kind: 'named' as const, sites: ['north', 'clinic-*'] };
    const training = ['north', 'clinic-7', 'south'].filter((site) => mayTrain(named, site));
    expect(training).toEqual(['north', 'clinic-7']);
    expect(mayTrain(undefined, 'south')).toBe(true);
  });

  it.each([0, 1, 1.5, -0.5])('is no part of %d', (fraction) => {
    expect(faultOf({ participation: { kind: 'fraction', fraction } })).toBeDefined();
  });

  it('is refused where the names are fewer than a round needs, or not invited', () => {
    const named = (...sites: string[]) => ({ participation: { kind: 'named', sites } });
    expect(faultOf(named('north'))).toContain('minSites asks for 2');
    expect(faultOf(named('north', 'north'))).toContain('minSites asks for 2');
    expect(faultOf({ ...named('north', 'east'), sites: ['north', 'south'] })).toContain(
      'names east, which federation.sites does not',
    );
    expect(faultOf({ ...named('north', 'east'), sites: ['*th', 'e*'] })).toBeUndefined();
    expect(faultOf(named('clinic-*'))).toBeUndefined();
  });

  it('is no part of the sites where the strategy needs every one of them', () => {
    const fraction = { kind: 'fraction', fraction: 0.5 } as const;
    for (const kind of STRATEGY_KINDS) {
      const fault = participationFault(fraction, undefined, 2, { kind });
      const takesPart = kind !== 'fedbuff' && !STRATEGY_TERMS[kind].needs.everySite;
      expect(fault === undefined).toBe(takesPart);
    }
    expect(participationFault({ kind: 'all' }, undefined, 2, { kind: 'fedavg' })).toBeUndefined();
  });
});
