import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  batchNorm,
  conv3d,
  conv3dTranspose,
  FusedAdam,
  groupNorm,
  instanceNorm,
  instanceNormPrelu,
  registerTorchBackend,
  softmaxSums,
  torchAvailability,
} from '../index.js';

const zeros = (...shape: number[]) => tf.zeros(shape) as never;
const x = () => tf.zeros<tf.Rank.R5>([1, 4, 4, 4, 2]);
const filter = () => tf.zeros<tf.Rank.R5>([3, 3, 3, 2, 4]);
const up = () => tf.zeros<tf.Rank.R5>([3, 3, 3, 4, 2]);
const labels = (...shape: number[]) => tf.zeros<tf.Rank.R4>(shape as never, 'int32');

/** Each of them read or divided past what there is, or computed something in silence, without the check. */
const MISFITS: [string, () => unknown, RegExp][] = [
  [
    'of too few axes',
    () => conv3d(zeros(4, 4, 4, 2), filter()),
    /it takes x \[N,D,H,W,C\], filter/,
  ],
  [
    'of other channels',
    () => conv3d(x(), zeros(3, 3, 3, 3, 4)),
    /conv3d of x \[1,4,4,4,2\], filter/,
  ],
  ['with a short bias', () => conv3d(x(), filter(), { bias: zeros(3) }), /bias \[3\]: it takes/],
  ['without a stride', () => conv3d(x(), filter(), { strides: [1, 0, 1] }), /from 1 on, not 1,0,1/],
  ['with a part of a stride', () => conv3d(x(), filter(), { strides: 1.5 }), /not 1.5,1.5,1.5/],
  ['with less than no padding', () => conv3d(x(), filter(), { padding: -1 }), /not -1,-1,-1/],
  ['without weights', () => conv3d(x(), zeros(3, 3, 3, 2, 0)), /no axis of them empty/],
  [
    'of a small volume',
    () => conv3d(zeros(1, 2, 4, 4, 2), filter()),
    /larger than the padded volume/,
  ],
  ['of other channels, transposed', () => conv3dTranspose(x(), filter()), /kw,out,C\]/],
  ['with a short bias, transposed', () => conv3dTranspose(x(), up(), { bias: zeros(3) }), /bias/],
  ['without a stride, transposed', () => conv3dTranspose(x(), up(), { strides: 0 }), /not 0,0,0/],
  [
    'with too much padding',
    () => conv3dTranspose(x(), up(), { padding: 9 }),
    /the sizes -12,-12,-12/,
  ],
  [
    'with more output padding than a stride tells apart',
    () => conv3dTranspose(x(), up(), { strides: 2, outputPadding: 2 }),
    /outputPadding .* not 2,2,2/,
  ],
  ['of too few axes, normed', () => instanceNorm(zeros(4, 4, 2)), /norm of x \[4,4,2\]/],
  ['with a scale of one', () => instanceNorm(x(), { scale: zeros(1) }), /scale \[1\]/],
  ['with a long offset', () => batchNorm(x(), { offset: zeros(3) }), /offset \[3\]/],
  ['with three slopes', () => instanceNormPrelu(x(), zeros(3)), /alpha \[C\|1\]/],
  ['in no groups', () => groupNorm(x(), 0), /2 channels cannot be divided into 0 groups/],
  ['in less than no groups', () => groupNorm(x(), -1), /into -1 groups/],
  ['of an empty batch', () => conv3d(zeros(0, 4, 4, 4, 2), filter()), /x \[0,4,4,4,2\], filter/],
  ['of an empty batch, transposed', () => conv3dTranspose(zeros(0, 4, 4, 4, 2), up()), /no axis/],
  ['of no channels, normed', () => instanceNorm(zeros(1, 4, 4, 4, 0)), /\[1,4,4,4,0\]: it takes/],
  ['of no depth', () => instanceNormPrelu(zeros(1, 0, 4, 4, 2), zeros(1)), /no axis/],
  ['of no samples', () => batchNorm(zeros(0, 4, 4, 4, 2)), /no axis/],
  [
    'of no voxels',
    () => softmaxSums(zeros(1, 4, 4, 0, 2), labels(1, 4, 4, 0)),
    /labels \[1,4,4,0\]/,
  ],
  ['with more labels', () => softmaxSums(x(), labels(1, 4, 4, 5)), /labels \[1,4,4,5\]/],
  ['with fewer labels', () => softmaxSums(x(), labels(1, 4, 4, 1)), /labels \[1,4,4,1\]/],
];

const { available } = torchAvailability();

describe.each([
  { engine: 'torch', missing: !available },
  { engine: 'cpu', missing: false },
])('on the $engine engine', ({ engine, missing }) => {
  beforeAll(async () => {
    if (available) await registerTorchBackend({ threads: 1 });
    await tf.setBackend(engine);
  });

  it.skipIf(missing).each([
    { of: 'a gradient', gradients: 3, moments: 4 },
    { of: 'moments', gradients: 4, moments: 3 },
  ])('a step of Adam with $of of another shape is refused by name', async (sizes) => {
    const variable = tf.variable(tf.zeros([4]));
    const optimizer = new FusedAdam();
    const [gradient, moment] = [tf.zeros([sizes.gradients]), tf.zeros([sizes.moments])];
    await optimizer.setWeights([
      { name: 'iter', tensor: tf.scalar(1, 'int32') },
      { name: `${variable.name}/m`, tensor: moment },
      { name: `${variable.name}/v`, tensor: moment },
    ]);
    expect(() => optimizer.applyGradients({ [variable.name]: gradient })).toThrow(
      /^FusedAdam of variable \[4\], gradient .* they are to be of one shape/,
    );
    optimizer.dispose();
    tf.dispose([variable, gradient, moment]);
  });

  it.skipIf(missing).each(MISFITS)('an operation %s is refused by name', (_, run, problem) => {
    tf.tidy(() => {
      const refusal = { message: expect.stringMatching(problem), advice: expect.any(String) };
      expect(run).toThrow(expect.objectContaining(refusal));
      expect(run).toThrow(expect.objectContaining({ code: expect.stringMatching(/^torch\//) }));
      // The process goes on.
      expect(tf.sum(conv3d(x(), filter(), { bias: zeros(4) })).dataSync()[0]).toBe(0);
    });
  });
});
