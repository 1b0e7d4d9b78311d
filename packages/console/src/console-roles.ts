import type { DeskCaller } from '@fedvox/desk';

/** What people who sign in may do: each role may do what those before it may. */
export const CONSOLE_ROLES = ['reader', 'reviewer', 'owner'] as const;
export type ConsoleRole = (typeof CONSOLE_ROLES)[number];

/** Verdicts and corrections. */
export const REVIEWERS: readonly ConsoleRole[] = ['reviewer', 'owner'];
/** Answers to jobs, and looks at the data, which take the machine's time. */
export const OWNERS: readonly ConsoleRole[] = ['owner'];

/** Who signed in; undefined for whoever came in by a link, and says their name themselves. */
export function signedInName(caller: DeskCaller): string | undefined {
  return caller.kind === 'person' ? caller.name : undefined;
}
