import { TwoStepButton, type TwoStepProps } from '@fedvox/desk/web';
import { say } from '../language.js';
import { looks } from '../live/present.js';
import { FailureNote } from './failure-note.js';

/** An answer, after which the page looks again. */
export function AnswerButton(props: TwoStepProps) {
  const onGiven = () => {
    looks.value += 1;
  };
  return <TwoStepButton {...props} {...{ onGiven, Failure: FailureNote, cancel: say('cancel') }} />;
}
