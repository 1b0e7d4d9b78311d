import { type IncomingHttpHeaders, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawCall {
  readonly method?: string;
  /** Sent as it is: no part of it is tidied up. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request with any headers at all, such as a browser would never send. */
export function rawCall(
  origin: string,
  { method = 'GET', path, headers = {}, body }: RawCall,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method, path, headers, agent: false };
    const outgoing = request(options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: Buffer.concat(chunks).toString('utf8'),
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Follows a link as a browser does; the cookie that it is given, ready to be sent back. */
export async function signIn(link: string): Promise<string> {
  const { origin, pathname } = new URL(link);
  const { headers } = await rawCall(origin, { path: pathname });
  return (headers['set-cookie']?.[0] ?? '').split(';', 1)[0] as string;
}
