import { isFedvoxError } from '@fedvox/base';
import { decodeWeights } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { initialModel } from '../networks/network.js';
import { ballJob } from '../testing/phantoms.js';
import { firstModel } from './first-model.js';

describe('a job’s first model', () => {
  it('is whole weights of the job’s network, the same bytes from whoever makes it', () => {
    const job = ballJob();
    expect(firstModel(job)).toEqual(firstModel(ballJob()));
    expect(decodeWeights(firstModel(job))).toEqual(initialModel(job));
    expect(firstModel(ballJob({ seed: job.seed + 1 }))).not.toEqual(firstModel(job));
  });

  it('is not made of a job that no site could train', () => {
    const { network } = ballJob();
    const untrainable = ballJob({ network: { ...network, inChannels: 2 } });
    expect(() => firstModel(untrainable)).toThrow(
      expect.toSatisfy((error) => isFedvoxError(error, 'learning/unsupported-channels')),
    );
  });
});
