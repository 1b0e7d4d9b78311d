import { call, postJson } from '@fedvox/desk/web';

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await call(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return (await (await postJson(path, body)).json()) as T;
}
