import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { printable } from '@fedvox/base';
import type { Terminal } from './terminal.js';

/**
 * A line that is not shown while it is typed; where nobody sits at a terminal, the first line of what is piped in. Undefined where there is
 * none, or where the person breaks it off.
 */
export async function askSecret(
  { stdin, stderr }: Terminal,
  question: string,
): Promise<string | undefined> {
  if (stdin === undefined) return undefined;
  const isTyped = stdin.isTTY === true;
  if (isTyped) stderr.write(printable(question));
  // Readline echoes what is typed to its output, and this one is nobody's to see.
  const nowhere = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: isTyped });
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve);
      lines.once('SIGINT', () => resolve(undefined));
      lines.once('close', () => resolve(undefined));
    });
  } finally {
    lines.close();
    if (isTyped) stderr.write('\n');
  }
}
