import { toldOf } from '@fedvox/desk/web';
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { PageFailure } from '../../src/page-contract.js';
import { say } from '../language.js';
import { changes } from '../live/event-poll.js';
import { FailureNote } from './failure-note.js';

interface OrderButtonProps {
  readonly label: string;
  /** What the order does, said before it is given. */
  readonly consequence: ComponentChildren;
  readonly give: (typed: string) => Promise<unknown>;
  /** What has to be typed to confirm; a press will do where absent. */
  readonly typed?: string;
  readonly isGrave?: boolean;
  /** Where the label alone does not say what it is about. */
  readonly about?: string;
}

/** An order is given in two steps: the button, and a dialog that says what it does. */
export function OrderButton(props: OrderButtonProps) {
  const { label, consequence, give, typed, isGrave, about } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const [entry, setEntry] = useState('');
  const [isGiving, setGiving] = useState(false);
  const [failure, setFailure] = useState<PageFailure | null>(null);
  const open = () => {
    setEntry('');
    setFailure(null);
    dialog.current?.showModal();
    // A second press of the same key gives no order.
    leave.current?.focus();
  };
  const close = () => dialog.current?.close();
  const confirm = async () => {
    setGiving(true);
    try {
      await give(entry);
      close();
      changes.value += 1;
    } catch (error) {
      setFailure(toldOf(error));
    } finally {
      setGiving(false);
    }
  };
  const title = about === undefined ? label : `${label}: ${about}`;
  return (
    <>
      <button type="button" class={isGrave ? 'grave' : undefined} aria-label={title} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={title}>
        <h2>{title}</h2>
        <div>{consequence}</div>
        {typed !== undefined && (
          <label>
            {say('typeToConfirm', { name: typed })}
            <input
              value={entry}
              autocomplete="off"
              onInput={(event) => setEntry(event.currentTarget.value)}
            />
          </label>
        )}
        <FailureNote failure={failure} />
        <p class="buttons">
          <button
            type="button"
            class={isGrave ? 'grave' : 'first'}
            disabled={isGiving || (typed !== undefined && entry !== typed)}
            onClick={confirm}
          >
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
