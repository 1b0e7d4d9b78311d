import { NOT_SERVED, type ToldFailure } from './calls.js';

interface FailureAlertProps {
  readonly failure: ToldFailure | null | undefined;
  /** What the page itself says where nobody answered it. */
  readonly notServed: Pick<ToldFailure, 'message' | 'advice'>;
}

/** What is wrong, and what to do. */
export function FailureAlert({ failure, notServed }: FailureAlertProps) {
  if (!failure) return null;
  const { message, advice } = failure.code === NOT_SERVED ? notServed : failure;
  return (
    <div class="alert" role="alert">
      <p class="said">{message}</p>
      <p>{advice}</p>
      <p class="note">{failure.code}</p>
    </div>
  );
}
