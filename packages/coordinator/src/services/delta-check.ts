import { checkDelta } from '@fedvox/aggregation';
import { isFedvoxError, sha256File } from '@fedvox/base';
import { refuse, type UpdateStatement } from '@fedvox/protocol';
import { WeightsFile } from '@fedvox/weights';

/**
 * Checks a delta that has arrived whole against its statement and its base model, before anybody is
 * told that it was accepted.
 * @throws FedvoxError `refused/delta-digest-mismatch`, `delta-not-safetensors`,
 *   `delta-shape-mismatch`, `delta-not-finite`
 */
export async function checkArrivedDelta(
  path: string,
  delta: NonNullable<UpdateStatement['delta']>,
  basePath: string,
): Promise<void> {
  if ((await sha256File(path)) !== delta.sha256) throw refuse('delta-digest-mismatch');
  const base = await WeightsFile.open(basePath);
  try {
    await checkWeights(base, path);
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await base.close();
  }
}

async function checkWeights(base: WeightsFile, path: string): Promise<void> {
  const delta = await WeightsFile.open(path);
  try {
    await checkDelta(base, delta);
  } finally {
    await delta.close();
  }
}

function refusalOf(error: unknown): unknown {
  if (!isFedvoxError(error)) return error;
  switch (error.code) {
    case 'weights/not-safetensors':
    case 'weights/unsupported-dtype':
      return refuse('delta-not-safetensors', { reason: error.message });
    case 'aggregation/tensor-missing':
    case 'aggregation/tensor-unexpected':
    case 'aggregation/shape-mismatch':
      return refuse('delta-shape-mismatch', { reason: error.message });
    case 'aggregation/not-finite':
      return refuse('delta-not-finite', { tensor: String(error.details['tensor']) });
    default:
      return error;
  }
}
