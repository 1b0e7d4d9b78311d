import { fail } from './errors.js';

/** @throws FedvoxError `learning/weights-not-finite` */
export function checkFinite(tensor: string, data: Float32Array): void {
  if (!data.every(Number.isFinite)) throw fail('weights-not-finite', { tensor });
}
