import { createInterface } from 'node:readline/promises';
import { printable, printableLine } from '@fedvox/base';

/** Back to the margin, and nothing left on the line (ECMA-48). */
const CLEAR_LINE = '\r\x1b[2K';

/** Where a command's words go: results to stdout, everything else to stderr. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: NodeJS.ProcessEnv;
  /** Where a person types; absent where nobody can be asked. */
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

/** One line from the person at the terminal; undefined where there is none to ask. */
export async function askLine(
  { stdin, stderr }: Terminal,
  question: string,
): Promise<string | undefined> {
  if (stdin === undefined || stdin.isTTY !== true) return undefined;
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return (await lines.question(printable(question))).trim();
  } finally {
    lines.close();
  }
}

/** The one way to the screen: what others wrote (names in scans, peers' words) commands no terminal. */
export function print(stream: NodeJS.WritableStream, text: string): void {
  stream.write(printable(text));
}

/** How one command speaks, with or without `--json`. */
export class Output {
  #statusShown = false;

  constructor(
    readonly terminal: Terminal,
    readonly json: boolean,
  ) {}

  /** The command's result: one line of JSON with `--json`, else the text. */
  result(value: unknown, text: string): void {
    this.clearStatus();
    print(this.terminal.stdout, `${this.json ? JSON.stringify(value) : text}\n`);
  }

  /** One step of a long command that is done; stays on the screen. */
  progress(line: string): void {
    this.clearStatus();
    print(this.terminal.stderr, `${line}\n`);
  }

  /** What is happening right now: replaced by the next one on a terminal, left out elsewhere. */
  status(text: string): void {
    const { stderr } = this.terminal;
    if (stderr.isTTY !== true) return;
    // One line at most: a wrapped one could not be cleared.
    stderr.write(CLEAR_LINE);
    stderr.write(printableLine(text).slice(0, (stderr.columns ?? 80) - 1));
    this.#statusShown = true;
  }

  clearStatus(): void {
    if (this.#statusShown) this.terminal.stderr.write(CLEAR_LINE);
    this.#statusShown = false;
  }
}
