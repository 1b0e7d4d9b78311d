/** What multipart text may look like at most; beyond it the answer is refused. */
export interface MultipartLimits {
  readonly maxParts: number;
  /** Of one part's header, and of what stands before the first part. */
  readonly maxHeaderBytes: number;
  readonly maxPartBytes: number;
  readonly maxTotalBytes: number;
}

export type MultipartEvent =
  | { readonly kind: 'part'; readonly contentType: string | undefined }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  | { readonly kind: 'end' };

/** Why a body is not what its content type says; the caller knows whose it was. */
export class MultipartProblem extends Error {
  override readonly name = 'MultipartProblem';

  constructor(
    readonly kind: 'truncated' | 'malformed' | 'too-large',
    message: string,
    /** For `too-large`: the limit that was passed. */
    readonly limit = 0,
    readonly unit: 'bytes' | 'parts' = 'bytes',
  ) {
    super(message);
  }
}

/** The boundary of a multipart/related content type (RFC 2046 5.1.1), undefined for any other. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  if (!/^multipart\/related\s*(;|$)/i.test(contentType ?? '')) return undefined;
  const [, quoted, plain] =
    /;\s*boundary\s*=\s*(?:"([^"]*)"|([^;\s"]+))/i.exec(contentType ?? '') ?? [];
  const boundary = quoted ?? plain ?? '';
  return /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary) ? boundary : undefined;
}

const CRLF = '\r\n';
const END_OF_HEADER = Buffer.from(CRLF + CRLF);

/**
 * Takes a multipart body apart as it arrives (RFC 2046 5.1), holding one chunk and one delimiter's
 * length of it. Of each part: `part`, its `data` in pieces, `end`. Ends after the closing delimiter.
 * @throws MultipartProblem
 */
export async function* readMultipart(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
  limits: MultipartLimits,
): AsyncGenerator<MultipartEvent> {
  const splitter = new Splitter(boundary, limits);
  for await (const chunk of body) {
    yield* splitter.push(chunk);
    if (splitter.isClosed) return;
  }
  throw new MultipartProblem('truncated', 'the body ends before its last delimiter');
}

type Place = 'preamble' | 'delimiter' | 'header' | 'part' | 'closed';

/** The state between two chunks. */
class Splitter {
  readonly #delimiter: Buffer;
  readonly #limits: MultipartLimits;
  #place: Place = 'preamble';
  /** Not yet taken apart. The line break lets the first delimiter be found as any other. */
  #pending = Buffer.from(CRLF);
  #parts = 0;
  #partBytes = 0;
  #totalBytes = 0;

  constructor(boundary: string, limits: MultipartLimits) {
    this.#delimiter = Buffer.from(`${CRLF}--${boundary}`, 'latin1');
    this.#limits = limits;
  }

  get isClosed(): boolean {
    return this.#place === 'closed';
  }

  *push(chunk: Uint8Array): Generator<MultipartEvent> {
    this.#totalBytes += chunk.length;
    const { maxTotalBytes } = this.#limits;
    if (this.#totalBytes > maxTotalBytes) throw tooLarge(maxTotalBytes);
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const before = this.#place;
      const pendingBytes = this.#pending.length;
      yield* this.#advance();
      if (this.#place === before && this.#pending.length === pendingBytes) return;
      if (this.isClosed) return;
    }
  }

  #advance(): Generator<MultipartEvent> | MultipartEvent[] {
    switch (this.#place) {
      case 'preamble':
        return this.#skipPreamble();
      case 'delimiter':
        return this.#afterDelimiter();
      case 'header':
        return this.#readHeader();
      case 'part':
        return this.#readPart();
      case 'closed':
        return [];
    }
  }

  #skipPreamble(): MultipartEvent[] {
    const at = this.#pending.indexOf(this.#delimiter);
    if (at >= 0) this.#take(at + this.#delimiter.length, 'delimiter');
    else this.#boundHeader();
    return [];
  }

  /** Two hyphens close the body; else only blanks stand before the end of the line. */
  #afterDelimiter(): MultipartEvent[] {
    if (this.#pending.length < 2) return [];
    if (this.#pending.subarray(0, 2).equals(Buffer.from('--'))) {
      this.#place = 'closed';
      return [];
    }
    const lineEnd = this.#pending.indexOf(CRLF);
    const line = this.#pending.subarray(0, lineEnd < 0 ? undefined : lineEnd).toString('latin1');
    if (!/^[ \t]*\r?$/.test(line)) {
      throw new MultipartProblem('malformed', 'a delimiter runs on into other text');
    }
    if (lineEnd < 0) this.#boundHeader();
    // The line break stays: a part without header fields begins with an empty line.
    else this.#take(lineEnd, 'header');
    return [];
  }

  *#readHeader(): Generator<MultipartEvent> {
    const at = this.#pending.indexOf(END_OF_HEADER);
    if (at < 0) return this.#boundHeader();
    if (at > this.#limits.maxHeaderBytes) throw tooLarge(this.#limits.maxHeaderBytes);
    const header = this.#pending.subarray(0, at).toString('latin1');
    const { maxParts } = this.#limits;
    if (++this.#parts > maxParts) throw tooLarge(maxParts, 'parts');
    this.#partBytes = 0;
    this.#take(at + END_OF_HEADER.length, 'part');
    yield { kind: 'part', contentType: /^content-type:[ \t]*(.*)$/im.exec(header)?.[1]?.trim() };
  }

  *#readPart(): Generator<MultipartEvent> {
    const at = this.#pending.indexOf(this.#delimiter);
    // A delimiter may have begun at the very end of what is here.
    const safeBytes = at >= 0 ? at : Math.max(0, this.#pending.length - this.#delimiter.length + 1);
    this.#partBytes += safeBytes;
    const { maxPartBytes } = this.#limits;
    if (this.#partBytes > maxPartBytes) throw tooLarge(maxPartBytes);
    if (safeBytes > 0) yield { kind: 'data', bytes: this.#pending.subarray(0, safeBytes) };
    if (at < 0) {
      this.#take(safeBytes, 'part');
    } else {
      this.#take(at + this.#delimiter.length, 'delimiter');
      yield { kind: 'end' };
    }
  }

  #take(byteCount: number, next: Place): void {
    this.#pending = this.#pending.subarray(byteCount);
    this.#place = next;
  }

  #boundHeader(): void {
    const { maxHeaderBytes } = this.#limits;
    if (this.#pending.length > maxHeaderBytes) throw tooLarge(maxHeaderBytes);
  }
}

function tooLarge(limit: number, unit: 'bytes' | 'parts' = 'bytes'): MultipartProblem {
  return new MultipartProblem('too-large', `more than ${limit} ${unit}`, limit, unit);
}
