import { clockText, toldOf } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type {
  ConsoleFailure,
  ConsoleSelf,
  DataFindings,
  DataPage,
  ShownScan,
} from '../../src/console-contract.js';
import { countText } from '../amounts.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { looks } from '../live/present.js';
import { useWatched } from '../live/watched.js';
import { FailureNote } from '../parts/failure-note.js';
import { ScanReason } from '../parts/scan-reason.js';
import { StaysHere } from '../parts/stays-here.js';
import { ScansTable } from './scans-table.js';

const SHOWN = { allScans: () => true, usableScans: isUsable, refusedScans: isRefused } as const;
type Filter = keyof typeof SHOWN;

/** What training would use of this hospital's data, and what it would not, and why. */
export function ScansView({ self }: { self: ConsoleSelf }) {
  const { value, failure } = useWatched<DataPage>('/api/data');
  return (
    <>
      <h1>{say('data')}</h1>
      <p class="note">
        <code>{self.dataPath}</code>
      </p>
      <FailureNote failure={failure} />
      {value && <Look look={value.look} />}
      {value?.findings && <Findings findings={value.findings} />}
      {value?.findings === null && <p>{say('neverLooked')}</p>}
      <StaysHere about="Data" weight={self.policy.weightSource} />
    </>
  );
}

function Look({ look }: Pick<DataPage, 'look'>) {
  const [failure, setFailure] = useState<ConsoleFailure | null>(null);
  const begin = async () => {
    try {
      setFailure(null);
      await post('/api/data/look');
      looks.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    }
  };
  const isBusy = look.kind === 'looking';
  return (
    <section>
      <p>{say('lookHelp')}</p>
      <p class="buttons">
        <button type="button" class="first" disabled={isBusy} onClick={begin}>
          {say('look')}
        </button>
        {look.kind === 'looking' && (
          <span class="rounds" role="status">
            <progress value={look.done} max={Math.max(1, look.total)} aria-label={say('looking')} />
            {say(look.what)} {say('done', { done: look.done, total: look.total })}
          </span>
        )}
      </p>
      <FailureNote failure={failure ?? (look.kind === 'failed' ? look : null)} />
    </section>
  );
}

function Findings({ findings }: { findings: DataFindings }) {
  const [filter, setFilter] = useState<Filter>('allScans');
  const { scans, refused, files, otherFiles, job, atMs } = findings;
  const usable = scans.filter(isUsable).length;
  const shown = scans.filter(SHOWN[filter]);
  return (
    <section>
      <h2>
        {countText(usable)} {say('usable')}, {countText(scans.length - usable)} {say('refused')}
      </h2>
      <p class="note">
        {say('lastLook', { at: clockText(atMs) })}{' '}
        {job === null ? say('readable') : say('heldAgainst', { job })}{' '}
        {say('files', { n: countText(files) })}, {say('otherFiles', { n: countText(otherFiles) })}
      </p>
      <label class="filter">
        {say('show')}{' '}
        <select value={filter} onChange={(event) => setFilter(event.currentTarget.value as Filter)}>
          {(Object.keys(SHOWN) as Filter[]).map((each) => (
            <option key={each} value={each}>
              {say(each)}
            </option>
          ))}
        </select>
      </label>
      <ScansTable scans={shown} />
      {refused.length > 0 && (
        <>
          <h3>{say('refusedTitle')}</h3>
          <ul>
            {refused.map(({ what, code, reason, advice }) => (
              <li key={`${what} ${code}`}>
                {what}: <ScanReason code={code} reason={reason} advice={advice} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function isUsable({ usable }: ShownScan): boolean {
  return usable;
}

function isRefused({ usable }: ShownScan): boolean {
  return !usable;
}
