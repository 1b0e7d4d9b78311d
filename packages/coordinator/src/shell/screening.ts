import { screen } from '@fedvox/aggregation';
import type { EncodingSpec, Figures, FirewallRules } from '@fedvox/job';
import type { RoundVerdict, SiteVerdict } from '../core/verdict.js';
import type { ComputeThreads } from '../threads/compute-threads.js';
import type { FilePath } from '../threads/round-task.js';

export interface ScreeningTask {
  readonly rules: FirewallRules;
  readonly base: FilePath;
  readonly updates: readonly {
    readonly site: string;
    readonly figures: Figures;
    readonly delta: FilePath;
  }[];
  /** Of their deltas. */
  readonly encoding: EncodingSpec;
  /** What was found in rounds before this one; what they left out does not count. */
  readonly earlier: readonly RoundVerdict[];
}

/**
 * The firewall's verdict on each of a round's updates: the same for the same updates and the same
 * verdicts of earlier rounds, whatever happened meanwhile. Ends at the next slice when the signal aborts.
 */
export async function screenRound(
  { rules, base, updates, encoding, earlier }: ScreeningTask,
  threads: ComputeThreads,
  signal: AbortSignal,
): Promise<SiteVerdict[]> {
  const products = await threads.innerProducts({ base, updates, encoding }, signal);
  const averaged = earlier.flatMap(({ round, norm, reason }) =>
    norm === null || reason !== null ? [] : [{ round, norm }],
  );
  const found = screen({ rules, updates, products, earlier: averaged });
  return found.map((verdict) => ({ ...verdict, by: null }));
}
