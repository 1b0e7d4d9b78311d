// Which tests were skipped, and whether this machine may skip them.
import { relative } from 'node:path';
import { EXPECTED_SKIPS } from '../test/expected-skips.mjs';

/**
 * The tests that every one of the reports skipped wherever it met them, each with its reason.
 * @param {object[]} reports vitest's JSON
 * @param {string} repository
 * @returns {{test: string, reason: string, isExpected: boolean}[]}
 */
export function skipsOf(reports, repository, expected = EXPECTED_SKIPS) {
  const skipped = new Set();
  for (const { testResults } of reports) {
    for (const { name, assertionResults } of testResults) {
      for (const { status, fullName } of assertionResults) {
        if (status === 'passed' || status === 'failed') continue;
        skipped.add(`${relative(repository, name)} > ${fullName}`);
      }
    }
  }
  const isMet = new Map();
  const met = (need) => {
    if (!isMet.has(need)) isMet.set(need, need.isMet());
    return isMet.get(need);
  };
  return [...skipped].sort().map((test) => {
    const known = expected.filter(({ tests }) => tests.some((pattern) => pattern.test(test)));
    const unmet = known.find((need) => !met(need));
    if (unmet !== undefined) return { test, reason: unmet.reason, isExpected: true };
    const reason =
      known.length === 0
        ? 'not in test/expected-skips.mjs'
        : `though what it needs is here: not "${known[0].reason}"`;
    return { test, reason, isExpected: false };
  });
}

/** A line for each reason, and the tests below it. */
export function skipLines(skips) {
  const reasons = [...new Set(skips.map(({ reason }) => reason))];
  return reasons.flatMap((reason) => [
    `skipped: ${reason}`,
    ...skips.filter((skip) => skip.reason === reason).map(({ test }) => `  ${test}`),
  ]);
}
