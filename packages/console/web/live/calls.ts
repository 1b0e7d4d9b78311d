import type { ConsoleFailure } from '../../src/console-contract.js';

/** A call that did not succeed, with what is told of it. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';

  constructor(readonly told: ConsoleFailure) {
    super(told.message);
  }
}

/** The code of a failure that this page alone can see: the command that serves it has ended. */
export const NOT_SERVED = 'page/not-served';

/** What a path tells, as its text: the same text is the same news. */
export function getText(path: string, signal: AbortSignal): Promise<string> {
  return call(path, { signal });
}

export async function post(path: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await call(path, { method: 'POST', headers, body: '{}' });
}

/** @throws CallFailure; what aborts it, where it is aborted */
async function call(path: string, options: RequestInit): Promise<string> {
  const response = await fetch(path, options).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new CallFailure({ code: NOT_SERVED, message: '', advice: '' });
  });
  if (response.ok) return response.text();
  throw new CallFailure((await response.json()) as ConsoleFailure);
}

/** What is told of anything that was thrown; a failure of the page itself goes on to the console. */
export function toldOf(error: unknown): ConsoleFailure {
  if (error instanceof CallFailure) return error.told;
  throw error;
}
