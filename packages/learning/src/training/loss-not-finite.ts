import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import type { Batch } from './batches.js';

/** Beyond what any scanner or preprocessing gives, and what float32 can square and sum over a volume. */
const EXTREME_VALUE = 1e6;

/** What is known of a loss that is no number, and what to do about the cause that it shows. */
export function lossNotFinite(
  loss: number,
  { epoch, batch }: { readonly epoch: number; readonly batch: number },
  items: Batch,
): FedvoxError {
  const extreme = items.filter(({ image }) => !image.data.every(isOrdinary));
  const named = (extreme.length > 0 ? extreme : items).flatMap(({ caseId = [] }) => caseId);
  const cases = named.length === 0 ? '' : `, of ${named.join(', ')}`;
  const isFirst = epoch === 1 && batch === 1;
  const advice = adviceFor(extreme.length > 0 ? 'values' : isFirst ? 'model' : 'steps');
  return fail('loss-not-finite', { loss: String(loss), epoch, batch, cases, advice });
}

const isOrdinary = (value: number) => Math.abs(value) <= EXTREME_VALUE;

function adviceFor(cause: 'values' | 'model' | 'steps'): string {
  switch (cause) {
    case 'values':
      return 'Its scans hold values beyond a million: look at them, clip them in `preprocess`, or leave them out.';
    case 'model':
      return 'No step had been taken: the model that training began with is at fault, or the scans.';
    case 'steps':
      return 'Lower the learning rate, or bound the steps by `clipNorm`.';
  }
}
