import { toldOf } from '@fedvox/desk/web';
import { useRef, useState } from 'preact/hooks';
import type { ConsoleFailure } from '../../src/console-contract.js';
import { say } from '../language.js';
import { looks } from '../live/present.js';
import { FailureNote } from './failure-note.js';

interface AnswerButtonProps {
  readonly label: string;
  /** What it is about, where several of the same label stand on the page. */
  readonly about: string;
  /** What follows, said before the answer is given. */
  readonly consequence: string;
  /** What a person may write beside it; nothing where absent. */
  readonly asksFor?: string;
  readonly isFirst?: boolean;
  readonly give: (written: string) => Promise<unknown>;
}

/** An answer is given in two steps: the button, and a dialog that says what follows. */
export function AnswerButton(props: AnswerButtonProps) {
  const { label, about, consequence, asksFor, isFirst = false, give } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const [written, setWritten] = useState('');
  const [isGiving, setGiving] = useState(false);
  const [failure, setFailure] = useState<ConsoleFailure | null>(null);
  const open = () => {
    setWritten('');
    setFailure(null);
    dialog.current?.showModal();
    // A second press of the same key gives no answer.
    leave.current?.focus();
  };
  const close = () => dialog.current?.close();
  const confirm = async () => {
    setGiving(true);
    try {
      await give(written);
      close();
      looks.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    } finally {
      setGiving(false);
    }
  };
  const title = `${label}: ${about}`;
  const look = isFirst ? 'first' : 'grave';
  return (
    <>
      <button type="button" class={look} aria-label={title} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <h2>{title}</h2>
        <p>{consequence}</p>
        {asksFor !== undefined && (
          <label>
            {asksFor}
            <input
              value={written}
              maxLength={500}
              autocomplete="off"
              onInput={(event) => setWritten(event.currentTarget.value)}
            />
          </label>
        )}
        <FailureNote failure={failure} />
        <p class="buttons">
          <button type="button" class={look} disabled={isGiving} onClick={confirm}>
            {label}
          </button>
          <button type="button" ref={leave} onClick={close}>
            {say('cancel')}
          </button>
        </p>
      </dialog>
    </>
  );
}
