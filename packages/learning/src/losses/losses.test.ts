import { readFileSync } from 'node:fs';
import { LOSS_KINDS, type LossSpec, lossSchema } from '@fedvox/job';
import type { WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { readTensors } from '../testing/monai-goldens.js';
import { lossOf } from './index.js';

interface Golden {
  readonly shape: [number, number, number, number, number];
  readonly logits: number[];
  readonly labels: Readonly<Record<'mixed' | 'empty', number[]>>;
  readonly cases: readonly {
    readonly name: string;
    readonly labels: 'mixed' | 'empty';
    readonly spec: { readonly kind: LossSpec['kind'] };
    readonly loss: number;
    readonly gradient: number[];
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/losses.json', import.meta.url), 'utf8'),
);
const monai = readTensors(new URL('golden/monai.safetensors', import.meta.url));
const of = (name: string) => monai.get(name) as WeightTensor;

/** As the record's `goldens.json` names them; the Tversky loss is that of α 0.3 and β 0.7. */
const OTHERS: Readonly<Record<string, object>> = {
  dice: { kind: 'dice' },
  dice_ce: { kind: 'dice-ce' },
  dice_ce_no_background: { kind: 'dice-ce', includeBackground: false },
  dice_focal: { kind: 'dice-focal' },
  tversky: { kind: 'tversky', alpha: 0.3, beta: 0.7 },
  dice_squared: { kind: 'dice', squaredDenominator: true },
  dice_batch: { kind: 'dice', batch: true },
};

const WITH_DEFAULTS = LOSS_KINDS.map((kind) => lossSchema.parse({ kind }));

function valueAndGradient(logits: tf.Tensor5D, labels: tf.Tensor4D, spec: LossSpec, dy?: number) {
  const loss = (input: tf.Tensor) => lossOf(input as tf.Tensor5D, labels, spec);
  const { value, grad } = tf.valueAndGrad(loss)(logits, dy === undefined ? dy : tf.scalar(dy));
  return { value: value.dataSync()[0] as number, gradient: grad.dataSync() };
}

/** Within a ten-thousandth of the largest. */
function expectGradient(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const largest = Math.max(...Array.from(expected, Math.abs));
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((actual[index] as number) - (expected[index] as number));
    expect(difference).toBeLessThan(1e-4 * largest);
  }
}

describe.each(TEST_ENGINES)('a loss on $engine', ({ missing, start }) => {
  describe.skipIf(missing)('as training has it', () => {
    beforeAll(async () => {
      await start();
    });

    it.each(golden.cases)("has MONAI's value and gradient: $spec.kind $name", (recorded) => {
      tf.tidy(() => {
        const { shape, logits, labels } = golden;
        const { value, gradient } = valueAndGradient(
          tf.tensor5d(logits, shape),
          tf.tensor4d(labels[recorded.labels], shape.slice(0, 4) as never, 'int32'),
          lossSchema.parse(recorded.spec),
        );
        expect(value).toBeCloseTo(recorded.loss, 5);
        expectGradient(gradient, recorded.gradient);
      });
    });

    it.each(Object.entries(OTHERS))('has what MONAI gave others: %s', (name, spec) => {
      tf.tidy(() => {
        const channelsLast = ({ data, shape }: WeightTensor) =>
          tf.transpose(tf.tensor5d(data, shape as never), [0, 2, 3, 4, 1]);
        const labels = tf.cast(tf.squeeze(channelsLast(of('target')), [4]), 'int32');
        const { value, gradient } = valueAndGradient(
          channelsLast(of('input')),
          labels as tf.Tensor4D,
          lossSchema.parse(spec),
        );
        expect(value).toBeCloseTo(of(`${name}.loss`).data[0] as number, 5);
        expectGradient(gradient, channelsLast(of(`${name}.gradient`)).dataSync());
      });
    });

    it.each(WITH_DEFAULTS)('scales its gradient with that behind it: $kind', (spec) => {
      tf.tidy(() => {
        const { shape, logits, labels } = golden;
        const [x, y] = [
          tf.tensor5d(logits, shape),
          tf.tensor4d(labels.mixed, shape.slice(0, 4) as never, 'int32'),
        ];
        const { gradient } = valueAndGradient(x, y, spec);
        expectGradient(
          valueAndGradient(x, y, spec, 3).gradient,
          gradient.map((each) => 3 * each),
        );
      });
    });

    it.each(WITH_DEFAULTS)('is not a number where a logit is not, of any class: $kind', (spec) => {
      for (const index of [0, 1, 2]) {
        const values = [0, 1, 2];
        values[index] = Number.NaN;
        const loss = tf.tidy(
          () =>
            lossOf(
              tf.tensor5d(values, [1, 1, 1, 1, 3]),
              tf.tensor4d([1], [1, 1, 1, 1], 'int32'),
              spec,
            ).dataSync()[0],
        );
        expect(loss).toBeNaN();
      }
    });

    // Half the voxels are wrong by 800 in the logits; Dice is 0 for one class and 2/3 for the other.
    it.each([
      ['dice-ce', 400 + (1 + 1 / 3) / 2],
      ['dice', (1 + 1 / 3) / 2],
      // Both sigmoids of the wrong voxel are off by 400; of four.
      ['dice-focal', (1 + 1 / 3) / 2 + 800 / 4],
      ['tversky', (1 + 1 / 3) / 2],
      ['cross-entropy', 400],
    ] as const)('stays finite for logits that saturate it: %s', (kind, expected) => {
      tf.tidy(() => {
        const logits = tf.tensor5d([400, -400, -400, 400], [1, 2, 1, 1, 2]);
        const labels = tf.tensor4d([1, 1], [1, 2, 1, 1], 'int32');
        const { value, gradient } = valueAndGradient(logits, labels, lossSchema.parse({ kind }));
        expect(value).toBeCloseTo(expected, 3);
        expect(gradient.every(Number.isFinite)).toBe(true);
      });
    });
  });
});
