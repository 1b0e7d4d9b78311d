import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FedvoxCommand } from '@fedvox/simulator';

/** The built command, as a person runs it. */
export const FEDVOX: FedvoxCommand = {
  node: process.execPath,
  entry: fileURLToPath(new URL('../../packages/cli/bin/fedvox.mjs', import.meta.url)),
};

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command to its end as a child process. */
export async function fedvox(...args: readonly string[]): Promise<CommandResult> {
  const child = spawn(FEDVOX.node, [FEDVOX.entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [exitCode] = (await closed) as [number];
  return { exitCode, stdout, stderr };
}

/** The last line of standard output, which is the result of a command with `--json`. */
export function lastLine({ stdout }: CommandResult): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string);
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
