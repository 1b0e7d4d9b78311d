import { PassThrough } from 'node:stream';
import { run } from '@fedvox/cli';

export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, as its operator types it; what it said on each stream. */
export async function fedvox(
  environment: NodeJS.ProcessEnv,
  ...argv: readonly string[]
): Promise<Said> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exitCode = await run(argv, { stdout, stderr, environment });
  const text = (stream: PassThrough) => String(stream.read() ?? '');
  return { exitCode, stdout: text(stdout), stderr: text(stderr) };
}
