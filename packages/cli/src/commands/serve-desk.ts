import type { Output } from '../terminal.js';

/** What of a desk a person is told. */
interface LinkedDesk {
  readonly origin: string;
  /** A fresh one at each call. */
  link(): string;
  close(): Promise<void>;
}

/** Tells a desk's link and keeps it open until the signal aborts; at a terminal, Enter prints a fresh link. */
export async function serveDesk(
  output: Output,
  desk: LinkedDesk,
  signal: AbortSignal,
): Promise<void> {
  const { stdin } = output.terminal;
  const ofPerson = stdin?.isTTY === true ? stdin : undefined;
  const tell = () => tellLink(output, desk);
  try {
    tell();
    if (ofPerson !== undefined) output.progress('Enter: a fresh link. Ctrl-C: stop.');
    ofPerson?.on('data', tell);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    ofPerson?.off('data', tell).pause();
  } finally {
    await desk.close();
  }
}

function tellLink(output: Output, desk: LinkedDesk): void {
  const link = desk.link();
  output.result(
    { origin: desk.origin, link },
    `Open this in a browser on this machine; it works once, within five minutes:\n\n  ${link}\n`,
  );
}
