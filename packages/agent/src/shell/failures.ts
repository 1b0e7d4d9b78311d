import { errorText, FedvoxError, isFedvoxError } from '@fedvox/base';
import { isDiskFull } from '@fedvox/base/system';
import { isTransient } from '@fedvox/pacs';
import { refusalCode } from '@fedvox/protocol';
import type { FailedCall } from '../core/machine-types.js';
import type { DeclineReason } from '../core/task.js';
import type { WorkFailure } from '../core/trainer.js';

/**
 * What a failed call means to the machine; undefined for what is no failure of a call at all. Also
 * what no retry will mend by itself (a certificate that ended, a full disk) is tried again: the log
 * says what is wrong, and the agent is back as soon as somebody has put it right.
 */
export function callFailureOf(error: unknown): FailedCall | undefined {
  const code = refusalCode(error);
  if (code !== undefined) return { kind: 'refused', code, reason: reasonOf(error) };
  if (isDiskFull(error)) return { kind: 'unreachable', reason: reasonOf(error) };
  if (!(error instanceof FedvoxError)) return undefined;
  if (error.code === 'agent/clock-wrong') {
    return { kind: 'refused', code: error.code, reason: reasonOf(error) };
  }
  const isOfTheOtherSide =
    error.code.startsWith('protocol/') || error.code === 'agent/renewal-unusable';
  return isOfTheOtherSide ? { kind: 'unreachable', reason: reasonOf(error) } : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof FedvoxError ? `${error.message}. ${error.advice}` : errorText(error);
}

/** What failed work means to the machine; undefined for what the trainer has no name for. */
export function workFailureOf(error: unknown): WorkFailure | undefined {
  if (isDiskFull(error)) return diskFullFailure(error);
  if (!(error instanceof FedvoxError)) return undefined;
  const { code, message } = error;
  const retryable = code === 'agent/trainer-died' || isTransient(error);
  return { code, message, retryable, reason: declineReasonOf(error) };
}

/** Not tried again at once: a disk does not empty itself in a second. */
export function diskFullFailure(error: unknown): WorkFailure {
  const code = isFedvoxError(error) ? error.code : 'agent/no-disk-space';
  return { code, message: errorText(error), retryable: false, reason: 'no-disk-space' };
}

/** What the coordinator is told. An error without a line here is one of the job's own. */
const REASONS: Readonly<Record<string, DeclineReason>> = {
  'agent/no-disk-space': 'no-disk-space',
  'agent/out-of-memory': 'out-of-memory',
  'agent/trainer-died': 'trainer-failed',
  'agent/trainer-failed': 'trainer-failed',
  'agent/kept-out-of-step': 'trainer-failed',
  'learning/loss-not-finite': 'trainer-failed',
  'learning/weights-not-finite': 'trainer-failed',
  'learning/too-few-cases': 'too-few-cases',
  'weights/not-encodable': 'trainer-failed',
  'imaging/folder-unreadable': 'archive-unreachable',
};

function declineReasonOf({ code, details }: FedvoxError): DeclineReason {
  // A process that the system kills without anybody's order had taken too much memory.
  if (code === 'agent/trainer-died' && details['how'] === 'SIGKILL') return 'out-of-memory';
  if (code.startsWith('pacs/')) return 'archive-unreachable';
  return REASONS[code] ?? 'not-supported';
}
