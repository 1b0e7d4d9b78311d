import type { DoctorFinding } from '@fedvox/installation';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failure: 'FAILED ' } as const;

/** What was found of a machine or a program, a line each, and below it what to do. */
export function findingLines(findings: readonly DoctorFinding[]): string[] {
  return findings.flatMap(({ what, state, text, advice }) => [
    `${MARKS[state]}  ${what}: ${text}`,
    ...(advice === undefined ? [] : [`         → ${advice}`]),
  ]);
}
