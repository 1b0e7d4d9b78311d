import type { Output } from '../terminal.js';

/** What of a desk a person is told. */
interface LinkedDesk {
  readonly origin: string;
  readonly entrance: 'link' | 'sign-in';
  /** A fresh one at each call, where browsers come in by a link. */
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
    if (ofPerson !== undefined) output.progress(HELP[desk.entrance]);
    if (desk.entrance === 'link') ofPerson?.on('data', tell);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    ofPerson?.off('data', tell).pause();
  } finally {
    await desk.close();
  }
}

const HELP = { link: 'Enter: a fresh link. Ctrl-C: stop.', 'sign-in': 'Ctrl-C: stop.' } as const;

function tellLink(output: Output, desk: LinkedDesk): void {
  const link = desk.link();
  const how =
    desk.entrance === 'link'
      ? 'Open this in a browser on this machine; it works once, within five minutes:'
      : 'Open this in a browser of the hospital’s network, and sign in:';
  output.result({ origin: desk.origin, link }, `${how}\n\n  ${link}\n`);
}
