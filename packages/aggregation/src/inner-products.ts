import { slicesOf, type TensorSpec } from '@fedvox/weights';
import { sideBySide } from './side-by-side.js';
import type { SiteUpdate } from './strategy.js';

/** Independent sums: a processor adds so many at once. */
const LANES = 4;

/**
 * `⟨δᵢ, δⱼ⟩` of any two updates over all tensors, in float64: symmetric, one row for each update, the
 * squares of their norms on the diagonal. Reads every update once, in stretches that all together hold
 * no more than one slice; of n updates n² numbers are kept, and nothing else grows with them.
 *
 * A pure function of the updates in the order given: each sum is made in the tensors' order.
 */
export async function innerProducts(
  tensors: readonly TensorSpec[],
  updates: readonly Pick<SiteUpdate, 'delta'>[],
): Promise<readonly Float64Array[]> {
  const products = updates.map(() => new Float64Array(updates.length));
  for (const tensor of tensors) {
    for (const [from, to] of slicesOf(tensor)) {
      for await (const { deltas } of sideBySide(updates, tensor.name, from, to)) {
        addProducts(products, deltas);
      }
    }
  }
  return products;
}

function addProducts(products: readonly Float64Array[], deltas: readonly Float32Array[]): void {
  for (const [a, one] of deltas.entries()) {
    for (const [b, other] of deltas.slice(0, a + 1).entries()) {
      const sum = ((products[a] as Float64Array)[b] as number) + dot(one, other);
      (products[a] as Float64Array)[b] = sum;
      (products[b] as Float64Array)[a] = sum;
    }
  }
}

function dot(one: Float32Array, other: Float32Array): number {
  const whole = one.length - (one.length % LANES);
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += LANES) {
    sum0 += (one[i] as number) * (other[i] as number);
    sum1 += (one[i + 1] as number) * (other[i + 1] as number);
    sum2 += (one[i + 2] as number) * (other[i + 2] as number);
    sum3 += (one[i + 3] as number) * (other[i + 3] as number);
  }
  for (let i = whole; i < one.length; i++) sum0 += (one[i] as number) * (other[i] as number);
  return sum0 + sum1 + (sum2 + sum3);
}
