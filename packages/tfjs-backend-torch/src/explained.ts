import { errorText } from '@fedvox/base';
import { fail } from './errors.js';

/**
 * A native failure as an error that says what was to be made, of which shapes, and what to do; any other
 * error as it is.
 */
export function explained(error: unknown, kernel: string, shapes: string): unknown {
  const details = { kernel, shapes, reason: errorText(error) };
  switch ((error as { code?: unknown }).code) {
    case 'TORCH_OUT_OF_MEMORY':
      return fail('out-of-memory', details, { cause: error });
    case 'TORCH_OPERATOR':
      return fail('operator-failed', details, { cause: error });
    default:
      return error;
  }
}
