import type { Kernels } from './workbench.js';

/** The same loops without vectors, for a processor that WebAssembly has none for, and to hold those to. */
export const PLAIN_KERNELS: Kernels = {
  addScaled: (sum, values, weight) => {
    for (let i = 0; i < values.length; i++) {
      sum[i] = (sum[i] as number) + weight * (values[i] as number);
    }
  },
  divide: (sum, total) => {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) / total;
  },
  magnitude: (values) => {
    let largest = 0;
    for (let i = 0; i < values.length; i++) {
      const magnitude = Math.abs(values[i] as number);
      // Also where it is no number, of which nothing is larger.
      if (!(magnitude <= largest)) largest = magnitude;
      if (Number.isNaN(largest)) break;
    }
    return largest;
  },
};
