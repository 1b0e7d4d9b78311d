import { checkDelta } from '@fedvox/aggregation';
import { isFedvoxError } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { refuse, type UpdateStatement } from '@fedvox/protocol';
import { encodeHeader } from '@fedvox/weights';
import { WeightsFile } from '@fedvox/weights/files';

/** How long a delta for this base model is, to the byte: it has the same tensors, written our way. */
export async function deltaByteLength(basePath: string): Promise<number> {
  const base = await WeightsFile.open(basePath);
  await base.close();
  return encodeHeader(base.tensors).layout.byteLength;
}

/**
 * Checks a delta that has arrived whole against its statement and its base model, before anybody is
 * told that it was accepted. Its header is compared with the one that it must have, and never parsed:
 * so nothing travels in it but the tensors, and nobody is kept busy by it.
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
    const file = await WeightsFile.openWritten(path, base.tensors);
    try {
      await checkDelta(base, file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw refusalOf(error);
  } finally {
    await base.close();
  }
}

function refusalOf(error: unknown): unknown {
  if (!isFedvoxError(error)) return error;
  switch (error.code) {
    case 'weights/not-safetensors':
      return refuse('delta-not-safetensors', { reason: error.message });
    case 'weights/not-as-written':
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
