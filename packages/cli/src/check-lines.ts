import type { SiteCheck } from '@fedvox/agent';
import { printableLine } from '@fedvox/base';

/** What was found of a site, a line each, then every scan that is not used. */
export function checkLines(check: SiteCheck): string[] {
  const lines = check.lines.flatMap(({ what, ok, text, advice }) => [
    `${ok ? 'ok    ' : 'FAILED'}  ${what}: ${text}`,
    ...(advice === undefined ? [] : [`        → ${advice}`]),
  ]);
  const refused = check.refused.map(
    ({ what, reason, code }) => `  ${printableLine(`${what}: ${reason}`)} (${code})`,
  );
  return refused.length === 0
    ? lines
    : [...lines, '', 'Scans that are not used, and why:', ...refused];
}
