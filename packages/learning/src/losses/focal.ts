import * as tf from '@tensorflow/tfjs-core';

/**
 * The focal loss of Lin et al., ICCV 2017, each class against all others by a sigmoid: with z the logit where
 * the class is not the true one and its opposite where it is, σ(z)^γ · log(1 + eᶻ). As MONAI's `FocalLoss`.
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 * @returns means over the voxels, [batch, classes]
 */
export function focalMeans(logits: tf.Tensor5D, labels: tf.Tensor4D, gamma: number): tf.Tensor2D {
  const ofLogits = tf.customGrad((...inputs) => {
    const [input, save] = inputs as unknown as [tf.Tensor5D, (saved: tf.Tensor[]) => void];
    save([input]);
    const { focus, cost } = termsOf(input, labels, gamma);
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]) =>
      tf.mul(perVoxel(dy, labels), slopeOf(saved as tf.Tensor5D, labels, gamma));
    return { value: tf.mean(tf.mul(focus, cost), SPACE), gradFunc };
  });
  return ofLogits(logits) as tf.Tensor2D;
}

const SPACE = [1, 2, 3];

function termsOf(logits: tf.Tensor5D, labels: tf.Tensor4D, gamma: number) {
  const classes = tf.range(0, logits.shape[4], 1, 'int32');
  const truth = tf.cast(tf.equal(tf.expandDims(labels, 4), classes), 'float32');
  const sign = tf.sub(1, tf.mul(2, truth));
  const z = tf.mul(logits, sign);
  const probability = tf.sigmoid(z);
  return { sign, probability, focus: tf.pow(probability, gamma), cost: tf.softplus(z) };
}

/** ∂/∂logit: with s = σ(z), the sign of z in the logit times s^γ (γ(1 − s) log(1 + eᶻ) + s). */
function slopeOf(logits: tf.Tensor5D, labels: tf.Tensor4D, gamma: number): tf.Tensor {
  const { sign, probability, focus, cost } = termsOf(logits, labels, gamma);
  const ofFocus = tf.mul(tf.mul(gamma, tf.sub(1, probability)), cost);
  return tf.mul(tf.mul(sign, focus), tf.add(ofFocus, probability));
}

/** What is of a sample's class, [batch, classes], as each of its voxels has it. */
function perVoxel(dy: tf.Tensor, labels: tf.Tensor4D): tf.Tensor5D {
  const [batch, ...space] = labels.shape;
  const voxels = space.reduce((product, size) => product * size, 1);
  return tf.reshape(tf.div(dy, voxels), [batch, 1, 1, 1, -1]);
}
