import { seededRandom } from '@fedvox/base';
import type { Volume } from '@fedvox/imaging';
import { describe, expect, it } from 'vitest';
import { driftSchema } from '../scenario/drift.js';
import { driftedImage } from './drifted-image.js';

const SIDE = 20;
const uniform = (value: number): Volume => ({
  shape: [SIDE, SIDE, SIDE],
  affineRas: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1],
  data: new Float32Array(SIDE ** 3).fill(value),
});
const drifted = (image: Volume, drift: object, seed = 'case') =>
  driftedImage(image, driftSchema.parse(drift), seededRandom(seed)).data;
const mean = (values: Float32Array) => values.reduce((sum, each) => sum + each, 0) / values.length;

describe('a drifted image', () => {
  it('is brighter by the gain, and its middle tones by the contrast', () => {
    const image = uniform(100);
    image.data[0] = 25;
    expect([...drifted(image, { gain: 2 }).slice(0, 2)]).toEqual([50, 200]);
    // A quarter of the brightest, by an exponent of one half, is a half of it.
    expect([...drifted(image, { contrast: 0.5 }).slice(0, 2)]).toEqual([50, 100]);
  });

  it('is brighter at one end of the coil by what was said, and as bright in the middle', () => {
    const data = drifted(uniform(100), { biasField: 0.3 });
    expect(Math.max(...data)).toBeCloseTo(130, 0);
    expect(Math.min(...data)).toBeCloseTo(70, 0);
    expect(mean(data)).toBeCloseTo(100, 1);
  });

  it('has the Rayleigh-distributed noise of a magnitude image where there was nothing', () => {
    const image = uniform(0);
    // A tenth of it is tissue, which says how strong the noise is.
    image.data.fill(100, 0, SIDE ** 3 / 10);
    const air = drifted(image, { noise: 0.05 }).slice(SIDE ** 3 / 10);
    // The mean of a Rayleigh variable is σ·√(π/2), its standard deviation 0.655 σ; there are 7,200 of them.
    expect(Math.abs(mean(air) - 5 * Math.sqrt(Math.PI / 2))).toBeLessThan(0.2);
    expect(Math.min(...air)).toBeGreaterThanOrEqual(0);
  });

  it('keeps the mean under noise where values are negative too, as in CT', () => {
    const image = uniform(40);
    image.data.fill(-1000, 0, 10);
    const data = drifted(image, { noise: 0.5 }).slice(10);
    // σ is 20, over 7,990 voxels.
    expect(Math.abs(mean(data) - 40)).toBeLessThan(1);
  });

  it('is the same from the same seed, and another from another', () => {
    const drift = { noise: 0.1, biasField: 0.2 };
    expect(drifted(uniform(100), drift)).toEqual(drifted(uniform(100), drift));
    expect(drifted(uniform(100), drift, 'other')).not.toEqual(drifted(uniform(100), drift));
  });
});
