import {
  add,
  cast,
  div,
  equal,
  exp,
  expandDims,
  log,
  max,
  mul,
  range,
  reshape,
  type Scalar,
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  type Tensor5D,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { expectShapes, misfit } from './fit.js';
import { type Operation, run } from './operation.js';

export type DiceCrossEntropyOptions = {
  /** Whether the first class has a share in the Dice part; in the cross-entropy it always has. */
  readonly includeBackground: boolean;
  readonly diceWeight: number;
  readonly crossEntropyWeight: number;
};

const LABELLED = { logits: ['N', 'X', 'Y', 'Z', 'classes'], labels: ['N', 'X', 'Y', 'Z'] };

/**
 * Dice plus cross-entropy, as MONAI's `DiceCELoss(to_onehot_y=True, softmax=True)`: the soft Dice loss
 * averaged over samples and classes, and the cross-entropy averaged over voxels, all classes included.
 *
 * With softmax p, one-hot g, and per sample and class I = Σpg, U = Σp + Σg, the Dice part has
 * ∂/∂p = αg + β, where α = −2/(U+ε)/n and β = (2I+ε)/(U+ε)²/n over n samples and classes.
 *
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 * @throws FedvoxError `torch/misfit`
 */
export function diceCrossEntropy(
  logits: Tensor5D,
  labels: Tensor4D,
  options: DiceCrossEntropyOptions,
): Scalar {
  expectShapes('diceCrossEntropy', { logits, labels }, LABELLED);
  if (!options.includeBackground && logits.shape[4] < 2) {
    throw misfit('diceCrossEntropy', { logits, labels }, 'there is no class but the background');
  }
  return run(loss, { logits, labels }, options);
}

type Labelled = { logits: Tensor5D; labels: Tensor4D };

/** Gives the loss, and α and β times the Dice part's weight as [2, batch, classes]. */
const loss: Operation<Labelled, DiceCrossEntropyOptions> = {
  kernelName: 'FedvoxDiceCrossEntropy',
  composed: ({ logits, labels }, { includeBackground, diceWeight, crossEntropyWeight }) => {
    const { probabilities, truth, shifted, sums } = softmaxOf(logits, labels);
    // −log p of the true class is log Σ exp(z − m) − (z − m), finite however sure the network is.
    const logs = sub(sum(log(sums)), sum(mul(truth, shifted)));
    const { value: dice, coefficients } = diceLoss(probabilities, truth, includeBackground);
    const crossEntropy = div(logs, labels.size);
    return [
      add(mul(diceWeight, dice), mul(crossEntropyWeight, crossEntropy)),
      mul(coefficients, diceWeight),
    ];
  },
  gradient: {
    inputsToSave: ['logits', 'labels'],
    outputsToSave: [false, true],
    of: (dy, saved, options) => {
      const [logits, labels, coefficients] = saved as [Tensor5D, Tensor4D, Tensor];
      return { logits: () => run(logitsGradient, { dy, logits, labels, coefficients }, options) };
    },
  },
};

/** Through the softmax: p·(d − Σpd), with d the Dice part's ∂/∂p; cross-entropy adds (p − g)/voxels. */
const logitsGradient: Operation<
  Labelled & { dy: Tensor; coefficients: Tensor },
  DiceCrossEntropyOptions
> = {
  kernelName: 'FedvoxDiceCrossEntropyGradient',
  composed: ({ dy, logits, labels, coefficients }, { crossEntropyWeight }) => {
    const { probabilities: p, truth: g } = softmaxOf(logits, labels);
    const [batch, , , , classes] = logits.shape;
    const perClass = (kind: number) =>
      reshape(mul(slice(coefficients, kind, 1), dy), [batch, 1, 1, 1, classes]);
    const voxelShare = mul(dy, crossEntropyWeight / labels.size);
    const weighted = mul(p, add(mul(g, perClass(0)), perClass(1)));
    const shift = sub(sum(weighted, -1, true), voxelShare);
    return sub(sub(weighted, mul(p, shift)), mul(g, voxelShare));
  },
};

function softmaxOf(logits: Tensor5D, labels: Tensor4D) {
  const shifted: Tensor5D = sub(logits, max(logits, -1, true));
  const exponentials = exp(shifted);
  const sums = sum(exponentials, -1, true);
  const classes = range(0, logits.shape[4], 1, 'int32');
  const truth: Tensor5D = cast(equal(expandDims(labels, 4), classes), 'float32');
  return { probabilities: div(exponentials, sums) as Tensor5D, truth, shifted, sums };
}

/** Added to both parts of the Dice fraction, MONAI's `smooth_nr` and `smooth_dr`. */
const SMOOTH = 1e-5;
const SPACE = [1, 2, 3];

function diceLoss(probabilities: Tensor5D, truth: Tensor5D, includeBackground: boolean) {
  const [batch, , , , classes] = probabilities.shape;
  const counted = includeBackground ? classes : classes - 1;
  // The share of each class in the mean; the background's is 0 where it is left out.
  const share = tensor1d(
    Array.from({ length: classes }, (_, index) =>
      index < classes - counted ? 0 : 1 / (batch * counted),
    ),
  );
  const intersection = sum(mul(truth, probabilities), SPACE);
  const union = add(sum(probabilities, SPACE), sum(truth, SPACE));
  const numerator = add(mul(2, intersection), SMOOTH);
  const denominator = add(union, SMOOTH);
  const alpha = mul(share, div(-2, denominator));
  const beta = mul(share, div(numerator, square(denominator)));
  return {
    value: sum(mul(share, sub(1, div(numerator, denominator)))),
    coefficients: stack([alpha, beta]),
  };
}
