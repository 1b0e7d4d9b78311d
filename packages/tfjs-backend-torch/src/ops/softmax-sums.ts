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
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  type Tensor5D,
  unstack,
} from '@tensorflow/tfjs-core';
import { expectShapes } from './fit.js';
import { type Operation, run } from './operation.js';

/** Sums over the voxels of each sample, for each class: all [batch, classes]. */
export interface SoftmaxSums {
  /** Σ p where the class is the true one. */
  readonly intersections: Tensor2D;
  /** Σ p. */
  readonly probabilities: Tensor2D;
  /** Σ p². */
  readonly squares: Tensor2D;
  /** Voxels in which the class is the true one; they have no gradient. */
  readonly counts: Tensor2D;
  /** Σ log p where the class is the true one. */
  readonly logs: Tensor2D;
}

const LABELLED = { logits: ['N', 'X', 'Y', 'Z', 'classes'], labels: ['N', 'X', 'Y', 'Z'] };

/**
 * What losses of overlap and cross-entropies sum up of a softmax p and of true labels, so that such a loss is
 * arithmetic of a few values, and passes over the voxels once each way. A label that is no class is true of
 * none.
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 * @throws FedvoxError `torch/misfit`
 */
export function softmaxSums(logits: Tensor5D, labels: Tensor4D): SoftmaxSums {
  expectShapes('softmaxSums', { logits, labels }, LABELLED);
  const all: Tensor3D = run(sums, { logits, labels }, {});
  const [intersections, probabilities, squares, counts, logs] = unstack(all) as [
    Tensor2D,
    Tensor2D,
    Tensor2D,
    Tensor2D,
    Tensor2D,
  ];
  return { intersections, probabilities, squares, counts, logs };
}

type Labelled = { logits: Tensor5D; labels: Tensor4D };

/** [sum, batch, classes], in the order of `SoftmaxSums`. */
const sums: Operation<Labelled, object> = {
  kernelName: 'FedvoxSoftmaxSums',
  composed: ({ logits, labels }) => {
    const { p, logs, truth } = softmaxOf(logits, labels);
    const terms = [mul(truth, p), p, square(p), truth, mul(truth, logs)];
    return stack(terms.map((term) => sum(term, [1, 2, 3])));
  },
  gradient: {
    inputsToSave: ['logits', 'labels'],
    of: (dy, saved) => {
      const [logits, labels] = saved as [Tensor5D, Tensor4D];
      return { logits: () => run(gradient, { dy, logits, labels }, {}) };
    },
  },
};

/** Through the softmax: d − p·Σd, with d what would be the gradient if the classes were independent. */
const gradient: Operation<Labelled & { dy: Tensor }, object> = {
  kernelName: 'FedvoxSoftmaxSumsGradient',
  composed: ({ dy, logits, labels }) => {
    const { p, truth } = softmaxOf(logits, labels);
    const [batch, , , , classes] = logits.shape;
    const of = (kind: number) => reshape(slice(dy, kind, 1), [batch, 1, 1, 1, classes]);
    const ofP = add(add(mul(truth, of(0)), of(1)), mul(mul(2, p), of(2)));
    const alone = add(mul(p, ofP), mul(truth, of(4)));
    return sub(alone, mul(p, sum(alone, -1, true)));
  },
};

/** log p is z − max z − log Σ exp(z − max z): finite however sure the network is. */
function softmaxOf(logits: Tensor5D, labels: Tensor4D) {
  const shifted = sub(logits, max(logits, -1, true));
  const exponentials = exp(shifted);
  const total = sum(exponentials, -1, true);
  const classes = range(0, logits.shape[4], 1, 'int32');
  const truth = cast(equal(expandDims(labels, 4), classes), 'float32');
  return { p: div(exponentials, total), logs: sub(shifted, log(total)), truth };
}
