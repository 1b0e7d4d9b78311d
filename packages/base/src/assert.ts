/** An invariant that was broken: always a bug of ours, never a user's error. Stays on in production. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Asserts an invariant, written as a sentence that is true when all is well. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(`invariant broken: ${invariant}`);
}

/** Closes an exhaustive switch: a value that reaches it is one the types say cannot be. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable value: ${JSON.stringify(value)}`);
}
