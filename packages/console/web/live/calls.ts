import { call, postJson } from '@fedvox/desk/web';

/** What a path tells, as its text: the same text is the same news. */
export async function getText(path: string, signal: AbortSignal): Promise<string> {
  return (await call(path, { signal })).text();
}

/** The same, looked at by the page itself: that does not keep a person signed in who has left. */
export async function watchedText(path: string, signal: AbortSignal): Promise<string> {
  return (await call(path, { signal, headers: { 'fedvox-watching': '1' } })).text();
}

export async function post(path: string, body: unknown = {}): Promise<void> {
  await postJson(path, body);
}
