import type { ConsoleFailure } from '../../src/console-contract.js';
import { say } from '../language.js';
import { NOT_SERVED } from '../live/calls.js';

/** What is wrong, and what to do. */
export function FailureNote({ failure }: { failure: ConsoleFailure | null | undefined }) {
  if (!failure) return null;
  const isOurs = failure.code === NOT_SERVED;
  return (
    <div class="alert" role="alert">
      <p class="said">{isOurs ? say('notServed') : failure.message}</p>
      <p>{isOurs ? say('notServedAdvice') : failure.advice}</p>
      <p class="note">{failure.code}</p>
    </div>
  );
}
