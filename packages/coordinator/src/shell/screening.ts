import { innerProducts, screen } from '@fedvox/aggregation';
import type { Figures, FirewallRules } from '@fedvox/job';
import type { TensorReader } from '@fedvox/weights';
import type { RoundVerdict, SiteVerdict } from '../core/verdict.js';
import { RoundFiles } from '../threads/round-files.js';
import type { FilePath } from '../threads/round-task.js';

export interface ScreeningTask {
  readonly rules: FirewallRules;
  readonly base: FilePath;
  readonly updates: readonly {
    readonly site: string;
    readonly figures: Figures;
    readonly delta: FilePath;
  }[];
  /** What was found in rounds before this one; what they left out does not count. */
  readonly earlier: readonly RoundVerdict[];
}

/**
 * The firewall's verdict on each of a round's updates: the same for the same updates and the same
 * verdicts of earlier rounds, whatever happened meanwhile. Ends at the next slice when the signal aborts.
 */
export async function screenRound(
  { rules, base, updates, earlier }: ScreeningTask,
  signal: AbortSignal,
): Promise<SiteVerdict[]> {
  const files = new RoundFiles();
  try {
    const { tensors } = await files.open(await base());
    const opened: { delta: TensorReader }[] = [];
    for (const { delta } of updates) {
      const reader = await files.delta(delta);
      opened.push({ delta: stoppable(reader, signal) });
    }
    const products = await innerProducts(tensors, opened);
    const averaged = earlier.flatMap(({ round, norm, reason }) =>
      norm === null || reason !== null ? [] : [{ round, norm }],
    );
    const found = screen({ rules, updates, products, earlier: averaged });
    return found.map((verdict) => ({ ...verdict, by: null }));
  } finally {
    await files.close();
  }
}

function stoppable(reader: TensorReader, signal: AbortSignal): TensorReader {
  return {
    read: (...slice) => {
      signal.throwIfAborted();
      return reader.read(...slice);
    },
  };
}
