import { defineErrors, FedvoxError, isFedvoxError } from '@fedvox/base';
import { REFUSALS, type RefusalCode, type RefusalEntry } from './refusal-table.js';

const CODE_PREFIX = 'refused/';

/** The error of one refusal: throw it from a handler and the caller is told by name. */
export const refuse = defineErrors('refused', REFUSALS);

/** Whether an error is a refusal, of one code if it is given; on either side of the wire. */
export function isRefusal(error: unknown, code?: RefusalCode): error is FedvoxError {
  if (!isFedvoxError(error)) return false;
  return code === undefined
    ? error.code.startsWith(CODE_PREFIX)
    : error.code === `${CODE_PREFIX}${code}`;
}

/** The bare code of a refusal, for metrics and switches; undefined for any other error. */
export function refusalCode(error: unknown): string | undefined {
  return isRefusal(error) ? error.code.slice(CODE_PREFIX.length) : undefined;
}

/** The table's entry of a bare code; undefined for one that this version does not know. */
export function refusalEntry(code: string): RefusalEntry | undefined {
  return Object.hasOwn(REFUSALS, code) ? REFUSALS[code as RefusalCode] : undefined;
}

/** The refusal that the other side named, in its words; `cause` is what brought them. */
export function namedRefusal(code: string, message: string, cause: unknown): FedvoxError {
  const advice = refusalEntry(code)?.advice ?? 'Upgrade this side: it does not know this refusal.';
  return new FedvoxError(`${CODE_PREFIX}${code}`, message, advice, {}, { cause });
}
