import { piecesOf } from '../comparison/compared-piece.js';
import type { ComparisonOptions } from '../comparison/run-comparison.js';
import { fail } from '../errors.js';
import type { CompareSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import { PieceOrders } from './piece-orders.js';
import { dialRedis } from './piece-queue.js';
import { PieceSupply, type SupplyOptions } from './piece-supply.js';
import { writeSweep } from './sweep-file.js';

/**
 * Has workers run all pieces of a comparison that are not kept yet, and waits until they are. What counts is what
 * lies in the folder; the queue says only whose turn it is.
 * @param queue address of the Redis server
 * @throws FedvoxError `simulator/pieces-failed`, `simulator/queue-address`, `simulator/queue-unreachable`,
 *   `simulator/variant-unusable`, `simulator/result-of-another`, `simulator/interrupted`
 */
export async function sweepComparison(
  plan: Plan,
  compare: CompareSpec,
  queue: string,
  options: SupplyOptions & Pick<ComparisonOptions, 'data'>,
): Promise<void> {
  const { folder, data, signal } = options;
  const line = await dialRedis(queue, false);
  try {
    const of = await writeSweep(folder, { plan, compare, data: [...data] });
    const orders = await PieceOrders.open(line, folder, of);
    // A call that waits for a server which is away may never end.
    const cut = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    await Promise.race([new PieceSupply(plan, piecesOf(compare), orders, options).last(), cut]);
  } catch (cause) {
    throw signal.aborted ? fail('interrupted', { folder }, { cause }) : cause;
  } finally {
    line.hangUp();
  }
}
