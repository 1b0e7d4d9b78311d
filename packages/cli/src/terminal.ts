/** Where a command's words go: results to stdout, everything else to stderr. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly environment: NodeJS.ProcessEnv;
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
    this.terminal.stdout.write(`${this.json ? JSON.stringify(value) : text}\n`);
  }

  /** One step of a long command that is done; stays on the screen. */
  progress(line: string): void {
    this.clearStatus();
    this.terminal.stderr.write(`${line}\n`);
  }

  /** What is happening right now: replaced by the next one on a terminal, left out elsewhere. */
  status(text: string): void {
    if (this.terminal.stderr.isTTY !== true) return;
    this.terminal.stderr.write(`\r\x1b[2K${text}`);
    this.#statusShown = true;
  }

  clearStatus(): void {
    if (this.#statusShown) this.terminal.stderr.write('\r\x1b[2K');
    this.#statusShown = false;
  }
}
