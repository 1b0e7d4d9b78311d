import { FailureAlert, type ToldFailure } from '@fedvox/desk/web';
import { say } from '../language.js';

export function FailureNote({ failure }: { failure: ToldFailure | null | undefined }) {
  const notServed = { message: say('notServed'), advice: say('notServedAdvice') };
  return <FailureAlert failure={failure} notServed={notServed} />;
}
