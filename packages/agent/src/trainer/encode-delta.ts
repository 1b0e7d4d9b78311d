import { join } from 'node:path';
import { assert, isFedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { ENCODING_TERMS, type EncodingSpec } from '@fedvox/job';
import { residualOf, type TensorSource, type TensorSpec, withResidual } from '@fedvox/weights';
import {
  EncodedFile,
  WeightsFile,
  writeEncodedFile,
  writeWeightsFile,
} from '@fedvox/weights/files';
import type { Delta, WorkOrder } from '../core/trainer.js';

/** Float32, with the delta's tensors. */
const RESIDUAL_FILE = 'residual.safetensors';

export interface EncodeOptions {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Writes a trained delta to the order's `deltaPath` as its job has it on its way. Where the encoding keeps
 * a residual, what the last accepted update left is sent with it, and what this one leaves is written to
 * be kept.
 * @param trainedPath the delta as float32
 * @throws FedvoxError `weights/not-encodable`
 */
export async function encodeDelta(
  { deltaPath, kept }: Pick<WorkOrder, 'deltaPath' | 'kept'>,
  trainedPath: string,
  encoding: EncodingSpec,
  { signal, log }: EncodeOptions,
): Promise<Delta> {
  const open: { close(): Promise<void> }[] = [];
  const opened = <File extends { close(): Promise<void> }>(file: File): File => {
    open.push(file);
    return file;
  };
  try {
    const trained = opened(await WeightsFile.open(trainedPath));
    const { keepsResidual } = ENCODING_TERMS[encoding.kind];
    assert(!keepsResidual || kept !== undefined, 'what is left has a place');
    const earlier =
      keepsResidual && kept?.accepted
        ? await openResidual(join(kept.accepted, RESIDUAL_FILE), trained.tensors, log)
        : undefined;
    const whole = earlier === undefined ? trained : withResidual(trained, opened(earlier));
    const source = stoppable(whole, signal);
    const delta = await writeEncodedFile(deltaPath, source, encoding);
    if (keepsResidual && kept !== undefined) {
      const sent = opened(await EncodedFile.open(deltaPath, trained.tensors, encoding));
      await writeWeightsFile(join(kept.after, RESIDUAL_FILE), residualOf(source, sent));
    }
    return delta;
  } finally {
    await Promise.all(open.map((file) => file.close()));
  }
}

/** Undefined where there is none. One that is damaged is let go: it would spoil the update. */
async function openResidual(
  path: string,
  tensors: readonly TensorSpec[],
  log: Logger,
): Promise<(TensorSource & { close(): Promise<void> }) | undefined> {
  try {
    return await EncodedFile.open(path, tensors, { kind: 'float32' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!isFedvoxError(error)) throw error;
    log.error({ err: error }, 'what earlier updates left is damaged; this one goes without it');
    return undefined;
  }
}

/** Ends at its next slice once nobody wants the work any more. */
function stoppable(source: TensorSource, signal: AbortSignal): TensorSource {
  return {
    tensors: source.tensors,
    read: (...slice) => {
      signal.throwIfAborted();
      return source.read(...slice);
    },
  };
}
