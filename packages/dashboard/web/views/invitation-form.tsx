import { clockText, toldOf } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type { InvitationFile, PageFailure } from '../../src/page-contract.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { changes } from '../live/event-poll.js';
import { FailureNote } from '../parts/failure-note.js';
import { SaveButton } from '../parts/save-button.js';

/** A site is invited by a file that is shown once: it holds a one-time token. */
export function InvitationForm() {
  const [site, setSite] = useState('');
  const [replace, setReplace] = useState(false);
  const [file, setFile] = useState<InvitationFile | null>(null);
  const [failure, setFailure] = useState<PageFailure | null>(null);
  const invite = async (event: Event) => {
    event.preventDefault();
    setFailure(null);
    try {
      setFile(await post<InvitationFile>('/api/sites', { site, replace }));
      changes.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    }
  };
  return (
    <section>
      <h2>{say('inviteSite')}</h2>
      {file === null ? (
        <form onSubmit={invite}>
          <label>
            {say('siteName')}
            <input
              value={site}
              required
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => setSite(event.currentTarget.value)}
            />
          </label>
          <label class="choice">
            <input
              type="checkbox"
              checked={replace}
              onChange={(event) => setReplace(event.currentTarget.checked)}
            />
            {say('replaces')}
          </label>
          <FailureNote failure={failure} />
          <p class="buttons">
            <button type="submit" class="first">
              {say('invite')}
            </button>
          </p>
        </form>
      ) : (
        <Invitation file={file} onDone={() => setFile(null)} />
      )}
    </section>
  );
}

function Invitation({ file, onDone }: { file: InvitationFile; onDone: () => void }) {
  const { site, fileName, text, expiresAtMs } = file;
  return (
    <div class="card">
      <p>{say('invitationOnce', { site, until: clockText(expiresAtMs) })}</p>
      <p class="buttons">
        <SaveButton
          label={say('saveFile', { file: fileName })}
          fileName={fileName}
          type="application/json"
          text={() => text}
        />
        <button type="button" onClick={onDone}>
          {say('done')}
        </button>
      </p>
    </div>
  );
}
