import { clockText, postJson, toldOf } from '@fedvox/desk/web';
import { useState } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import type { OpenedCase, VerdictEntry, VerdictWord } from '../../src/review/review-contract.js';
import { tell } from './review-language.js';

const KEPT = 'fedvox-reviewer';
const MOST_NAME = 100;
const MOST_NOTE = 4_000;

/** What a person is about to say of a case. */
export interface Saying {
  readonly reviewer: string;
  /** Whoever signed in says who they are by that. */
  readonly isSignedIn: boolean;
  readonly note: string;
  readonly isBusy: boolean;
  readonly setReviewer: (reviewer: string) => void;
  readonly setNote: (note: string) => void;
  /** Keeps the name for the next case, and empties the note. */
  readonly remember: () => void;
  readonly say: (verdict: Exclude<VerdictWord, 'corrected'>) => Promise<void>;
}

interface SayingProps {
  /** Of the case. */
  readonly path: string;
  /** Who sits here, where nobody has said it yet. */
  readonly reviewer: string;
  readonly isSignedIn: boolean;
  readonly onSaid: (opened: OpenedCase) => void;
  readonly onFailure: (failure: ConsoleFailure) => void;
}

export function useSaying(props: SayingProps): Saying {
  const { path, reviewer: usual, isSignedIn, onSaid, onFailure } = props;
  const kept = isSignedIn ? null : localStorage.getItem(KEPT);
  const [reviewer, setReviewer] = useState(kept ?? usual);
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  const remember = () => {
    if (!isSignedIn) localStorage.setItem(KEPT, reviewer);
    setNote('');
  };
  const say: Saying['say'] = async (verdict) => {
    setBusy(true);
    try {
      const answer = await postJson(`${path}/verdict`, { reviewer, verdict, note });
      remember();
      onSaid((await answer.json()) as OpenedCase);
    } catch (error) {
      onFailure(toldOf(error));
    } finally {
      setBusy(false);
    }
  };
  return { reviewer, isSignedIn, note, isBusy, setReviewer, setNote, remember, say };
}

export function VerdictForm({ saying, said }: { saying: Saying; said: readonly VerdictEntry[] }) {
  const { reviewer, isSignedIn, note, isBusy, setReviewer, setNote, say } = saying;
  return (
    <>
      <h3>{tell('verdict')}</h3>
      <label>
        {tell('reviewer')}{' '}
        <input
          type="text"
          autocomplete="name"
          maxLength={MOST_NAME}
          readOnly={isSignedIn}
          value={reviewer}
          onInput={(event) => setReviewer(event.currentTarget.value)}
        />
      </label>
      <label>
        {tell('note')}
        <textarea
          rows={2}
          maxLength={MOST_NOTE}
          value={note}
          onInput={(event) => setNote(event.currentTarget.value)}
        />
      </label>
      <p class="buttons">
        <button type="button" class="first" disabled={isBusy} onClick={() => say('accepted')}>
          {tell('accept')}
        </button>
        <button type="button" disabled={isBusy} onClick={() => say('rejected')}>
          {tell('reject')}
        </button>
      </p>
      <h3>{tell('said')}</h3>
      {said.length === 0 && <p class="note">{tell('notSaid')}</p>}
      <ul class="said-list">
        {said.map(({ atMs, verdict, reviewer: who, note: why }) => (
          <li key={atMs}>
            <strong>{tell(`verdict-${verdict}`)}</strong>{' '}
            <span class="note">
              {who}, {clockText(atMs)}
            </span>
            {why !== '' && <span class="line">{why}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
