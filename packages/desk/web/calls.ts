/** What is told of a call that did not succeed. */
export interface ToldFailure {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
}

export class CallFailure extends Error {
  override readonly name = 'CallFailure';

  constructor(readonly told: ToldFailure) {
    super(told.message);
  }
}

/** The code of a failure that a page alone can see: the command that serves it has ended. */
export const NOT_SERVED = 'page/not-served';

/**
 * What a path of the page's own desk answers.
 * @throws CallFailure; what aborts it, where it is aborted
 */
export async function call(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, options).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new CallFailure({ code: NOT_SERVED, message: '', advice: '' });
  });
  if (response.ok) return response;
  throw new CallFailure((await response.json()) as ToldFailure);
}

export function postJson(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return call(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** What is told of anything that was thrown; a failure of the page itself goes on to the console. */
export function toldOf(error: unknown): ToldFailure {
  if (error instanceof CallFailure) return error.told;
  throw error;
}
