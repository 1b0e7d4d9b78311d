import { words } from '@fedvox/desk/web';
import type { JobSummary } from '../../src/page-contract.js';

/** A job's status by word and by shape; colour comes on top. */
export function StatusMark({ status, reason }: Pick<JobSummary, 'status' | 'reason'>) {
  const { status: names, failure } = words.value;
  return (
    <span class={`status status-${status}`}>
      {names[status]}
      {reason !== null && <span class="reason">: {failure[reason]}</span>}
    </span>
  );
}
