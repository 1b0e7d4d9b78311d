import { DataTable, toldOf, words } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type { PageFailure, SubmissionPreview } from '../../src/page-contract.js';
import { jobAddress } from '../address.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { FailureNote } from '../parts/failure-note.js';

/** A job file is looked at before it is handed in: every error by its line and field, or whom it would invite. */
export function SubmitView() {
  const [text, setText] = useState('');
  const [checked, setChecked] = useState<{ text: string; preview: SubmissionPreview } | null>(null);
  const [failure, setFailure] = useState<PageFailure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const attempt = async (step: () => Promise<void>) => {
    setFailure(null);
    setBusy(true);
    try {
      await step();
    } catch (error) {
      setChecked(null);
      setFailure(toldOf(error));
    } finally {
      setBusy(false);
    }
  };
  const check = () =>
    attempt(async () => {
      const preview = await post<SubmissionPreview>('/api/submissions/check', { text });
      setChecked({ text, preview });
    });
  const submit = () =>
    attempt(async () => {
      const { id } = await post<{ id: string }>('/api/submissions', { text });
      location.hash = jobAddress(id);
    });
  const choose = async (file: File | undefined) => {
    if (file === undefined) return;
    setText(await file.text());
    setChecked(null);
  };
  // What was looked at is what is handed in.
  const isChecked = checked !== null && checked.text === text;
  return (
    <>
      <h1>{say('submit')}</h1>
      <label>
        {say('jobFile')}
        <input
          type="file"
          accept=".yaml,.yml,.json"
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
      </label>
      <label>
        {say('jobText')}
        <textarea
          rows={18}
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <FailureNote failure={failure} />
      {isChecked && <Preview {...checked.preview} />}
      <p class="buttons">
        <button type="button" disabled={isBusy || text.trim() === ''} onClick={check}>
          {say('check')}
        </button>
        <button type="button" class="first" disabled={isBusy || !isChecked} onClick={submit}>
          {say('handIn')}
        </button>
      </p>
    </>
  );
}

function Preview({ sites, classes, ...job }: SubmissionPreview) {
  const { terms } = words.value;
  const facts = [
    [terms.job, job.name],
    [terms.network, job.network],
    [terms.strategy, job.strategy],
    [terms.classes, classes.join(words.value.list)],
    [terms.rounds, job.rounds],
    [terms.minSites, job.minSites],
    [terms.bestBy, job.bestBy],
  ] as const;
  const told = (figures: string | null) => {
    if (figures === null) return terms.none;
    return figures === 'withheld' ? terms.withheld : terms.reported;
  };
  return (
    <div class="card">
      <dl class="summary">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <DataTable
        name={say('wouldInvite')}
        columns={[{ title: say('wouldInvite') }, { title: say('figuresBefore') }]}
        empty={say('wouldInviteNobody')}
        rows={sites.map(({ site, figures }) => ({ key: site, cells: [site, told(figures)] }))}
      />
    </div>
  );
}
