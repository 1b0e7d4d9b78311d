import type { Readable } from 'node:stream';

/** Who asks: whoever came in by a link on this machine, or a person who signed in. */
export type DeskCaller =
  | { readonly kind: 'at-this-machine' }
  | { readonly kind: 'person'; readonly name: string; readonly role: string };

export interface DeskRequest {
  readonly caller: DeskCaller;
  /** Of the route's pattern, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** JSON as it came: the handler's to check. */
  readonly body: unknown;
  /** Aborts when the browser no longer waits, or the desk closes. */
  readonly signal: AbortSignal;
}

/** What a handler answers with. A handler that throws a FedvoxError answers with its code, message and advice. */
export type DeskAnswer =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bytes'; readonly type: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'stream';
      readonly type: string;
      readonly stream: Readable;
      /** What the browser saves it as; it is shown where absent. */
      readonly fileName?: string;
      readonly byteLength?: number;
    };

/** One thing that the page may ask for. What is in no route can't be asked for. */
export interface DeskRoute {
  /** GET changes nothing; POST comes from this page alone. */
  readonly method: 'GET' | 'POST';
  /** Below `/api/`: exact, or with `:name` for one part. */
  readonly path: `/api/${string}`;
  /** Roles of people who may ask it; where absent, everybody who is signed in may, if it is a GET, and nobody if it is a POST. */
  readonly may?: readonly string[];
  readonly handle: (request: DeskRequest) => Promise<DeskAnswer>;
}

export function jsonAnswer(value: unknown): DeskAnswer {
  return { kind: 'json', value };
}

export function bytesAnswer(type: string, bytes: Uint8Array): DeskAnswer {
  return { kind: 'bytes', type, bytes };
}

export function streamAnswer(
  type: string,
  stream: Readable,
  names: { readonly fileName?: string; readonly byteLength?: number } = {},
): DeskAnswer {
  return { kind: 'stream', type, stream, ...names };
}
