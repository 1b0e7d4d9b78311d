/**
 * Resolves once whatever else the process had to do has had its turn: a long computation waits for it
 * now and then, so that heartbeats are answered and messages come in.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
