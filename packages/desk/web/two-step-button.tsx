import type { ComponentType } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type ToldFailure, toldOf } from './calls.js';

export interface TwoStepProps {
  readonly label: string;
  /** What it is about, where the label alone does not say it. */
  readonly about?: string;
  /** What follows, said before it is done. */
  readonly consequence: string;
  /** What a person writes beside it; nothing where absent. */
  readonly asksFor?: { readonly label: string; readonly mustBe?: string };
  readonly look?: 'first' | 'grave';
  readonly give: (written: string) => Promise<unknown>;
}

/** What is the page's own. */
interface PageProps {
  readonly cancel: string;
  readonly Failure: ComponentType<{ failure: ToldFailure | null }>;
  readonly onGiven: () => void;
}

/** What counts is done in two steps: the button, and a dialog that says what follows. */
export function TwoStepButton(props: TwoStepProps & PageProps) {
  const { label, about, look } = props;
  const [isOpen, setOpen] = useState(false);
  const title = about === undefined ? label : `${label}: ${about}`;
  return (
    <>
      <button type="button" class={look} aria-label={title} onClick={() => setOpen(true)}>
        {label}
      </button>
      {/* A table has a hundred of these, of which one is pressed. */}
      {isOpen && <SecondStep {...props} title={title} onClose={() => setOpen(false)} />}
    </>
  );
}

interface SecondStepProps extends TwoStepProps, PageProps {
  readonly title: string;
  readonly onClose: () => void;
}

function SecondStep(props: SecondStepProps) {
  const { label, title, consequence, asksFor, look, give, cancel, Failure, onGiven, onClose } =
    props;
  const dialog = useRef<HTMLDialogElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const [written, setWritten] = useState('');
  const [isGiving, setGiving] = useState(false);
  const [failure, setFailure] = useState<ToldFailure | null>(null);
  useLayoutEffect(() => {
    dialog.current?.showModal();
    // A second press of the same key does nothing that counts.
    leave.current?.focus();
  }, []);
  const close = () => dialog.current?.close();
  const confirm = async () => {
    setGiving(true);
    try {
      await give(written);
      close();
      onGiven();
    } catch (error) {
      setFailure(toldOf(error));
    } finally {
      setGiving(false);
    }
  };
  const mayGive = asksFor?.mustBe === undefined || asksFor.mustBe === written;
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose}>
      <h2>{title}</h2>
      <p>{consequence}</p>
      {asksFor && (
        <label>
          {asksFor.label}
          <input
            value={written}
            maxLength={500}
            autocomplete="off"
            onInput={(event) => setWritten(event.currentTarget.value)}
          />
        </label>
      )}
      <Failure failure={failure} />
      <p class="buttons">
        <button
          type="button"
          class={look ?? 'first'}
          disabled={isGiving || !mayGive}
          onClick={confirm}
        >
          {label}
        </button>
        <button type="button" ref={leave} onClick={close}>
          {cancel}
        </button>
      </p>
    </dialog>
  );
}
