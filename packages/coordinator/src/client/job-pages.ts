import type { JobDetails } from '../rest-contract.js';

/**
 * A job whose table of models comes in as many answers as it takes.
 * @param page answers from a model of the table on
 * @param from first model that is asked for; those before it are not in the table
 */
export async function wholeTable(
  page: (from: number) => Promise<JobDetails>,
  from = 0,
): Promise<JobDetails> {
  let details = await page(from);
  while (details.nextRound !== null) {
    const next = await page(details.nextRound);
    details = { ...next, rounds: [...details.rounds, ...next.rounds] };
  }
  return details;
}
