import { toldOf } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type {
  ApprovalCard,
  ConsoleFailure,
  DataFindings,
  DataPage,
} from '../../src/console-contract.js';
import { countText } from '../amounts.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { looks } from '../live/present.js';
import { useWatched } from '../live/watched.js';
import { FailureNote } from '../parts/failure-note.js';
import { ScanReason } from '../parts/scan-reason.js';

/** Holds the site's own data against a job that waits, as its data gate would. */
export function DryRun({ card: { job, minCases } }: { card: ApprovalCard }) {
  const { value } = useWatched<DataPage>('/api/data');
  const [failure, setFailure] = useState<ConsoleFailure | null>(null);
  const begin = async () => {
    try {
      setFailure(null);
      await post(`/api/approvals/${encodeURIComponent(job)}/look`);
      looks.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    }
  };
  const look = value?.look;
  const findings = value?.findings?.job === job ? value.findings : null;
  return (
    <>
      <h4>{say('dryRun')}</h4>
      <p class="note">{say('dryRunHelp')}</p>
      <p class="buttons">
        <button
          type="button"
          aria-label={`${say('lookForJob')}: ${job}`}
          disabled={look?.kind === 'looking'}
          onClick={begin}
        >
          {say('lookForJob')}
        </button>
        {look?.kind === 'looking' && (
          <span role="status">
            {say(look.what)} {say('done', { done: look.done, total: look.total })}
          </span>
        )}
      </p>
      <FailureNote failure={failure ?? (look?.kind === 'failed' ? look : null)} />
      {look?.kind !== 'looking' && findings && <Found findings={findings} minCases={minCases} />}
    </>
  );
}

/** Counts, and the first scan of each reason in words; the Data page has each scan. */
function Found({ findings: { scans }, minCases }: { findings: DataFindings; minCases: number }) {
  const usable = scans.filter((scan) => scan.trainable).length;
  const examples = new Map(
    scans.flatMap(({ refusal }) =>
      refusal === undefined ? [] : [[refusal.code, refusal] as const],
    ),
  );
  return (
    <>
      <p>
        {say('dryRunResult', { usable: countText(usable), of: countText(scans.length) })}{' '}
        {usable < minCases && <strong class="past">{say('dryRunFew', { min: minCases })}</strong>}
      </p>
      <ul>
        {[...examples.values()].map((refusal) => (
          <li key={refusal.code}>
            {refusal.what}: <ScanReason {...refusal} /> <span class="note">{refusal.code}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
