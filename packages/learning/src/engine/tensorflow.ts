import { errorText } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';

/**
 * TensorFlow's own engines, the faster first. A site installs one itself: their installers fetch from a
 * host that many cannot reach.
 */
export const TENSORFLOW_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The name under which either registers itself. */
const BACKEND = 'tensorflow';

/**
 * Makes the backend of one of `TENSORFLOW_PACKAGES` the current one.
 * @returns what it is, for a person
 * @throws FedvoxError `learning/tensorflow-missing`, `learning/tensorflow-broken`
 */
export async function startTensorflow(packageName: string): Promise<string> {
  const isFirst = tf.findBackendFactory(BACKEND) === null;
  try {
    await import(packageName);
    if (!(await tf.setBackend(BACKEND))) throw new Error('its backend does not start');
  } catch (cause) {
    if (isFirst) forgetBackend();
    if (isMissing(packageName, cause)) throw fail('tensorflow-missing', { packageName });
    const [reason = ''] = errorText(cause).split('\n');
    throw fail('tensorflow-broken', { packageName, reason }, { cause });
  }
  return `TensorFlow by ${packageName}`;
}

/** What a package registers before it fails would be taken for the next one's. */
function forgetBackend(): void {
  for (const { kernelName } of tf.getKernelsForBackend(BACKEND)) {
    tf.unregisterKernel(kernelName, BACKEND);
  }
  if (tf.findBackendFactory(BACKEND) !== null) tf.removeBackend(BACKEND);
}

/** Whether it is the package that is not found, rather than something that it needs. */
function isMissing(packageName: string, error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' && errorText(error).includes(`'${packageName}'`);
}
