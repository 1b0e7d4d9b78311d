import { TwoStepButton, type TwoStepProps } from '@fedvox/desk/web';
import { say } from '../language.js';
import { changes } from '../live/event-poll.js';
import { FailureNote } from './failure-note.js';

/** An order, after which the page looks again. */
export function OrderButton(props: TwoStepProps) {
  const onGiven = () => {
    changes.value += 1;
  };
  return <TwoStepButton {...props} {...{ onGiven, Failure: FailureNote, cancel: say('cancel') }} />;
}
