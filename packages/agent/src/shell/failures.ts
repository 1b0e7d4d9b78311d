import { FedvoxError } from '@fedvox/base';
import { isTransient } from '@fedvox/pacs';
import { refusalCode } from '@fedvox/protocol';
import type { CallFailure } from '../core/machine-types.js';
import type { WorkFailure } from '../core/trainer.js';

/**
 * What a failed call means to the machine; undefined for what is no failure of a call at all, such as
 * a full disk. Also what no retry will mend by itself (a certificate that ended, say) is tried again:
 * the log says what is wrong, and the agent is back as soon as somebody has put it right.
 */
export function callFailureOf(error: unknown): CallFailure | undefined {
  const code = refusalCode(error);
  if (code !== undefined) return { kind: 'refused', code };
  if (!(error instanceof FedvoxError)) return undefined;
  if (error.code === 'agent/clock-wrong') {
    return { kind: 'refused', code: error.code, reason: `${error.message}. ${error.advice}` };
  }
  const isOfTheOtherSide =
    error.code.startsWith('protocol/') || error.code === 'agent/renewal-unusable';
  if (!isOfTheOtherSide) return undefined;
  return { kind: 'unreachable', reason: `${error.message}. ${error.advice}` };
}

/** What failed work means to the machine; undefined for what the trainer has no name for. */
export function workFailureOf(error: unknown): WorkFailure | undefined {
  if (!(error instanceof FedvoxError)) return undefined;
  const { code, message } = error;
  return { code, message, retryable: code === 'agent/trainer-died' || isTransient(error) };
}
