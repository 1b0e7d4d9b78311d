/**
 * `map` over promises with at most `limit` under way at once; results in the order of the items.
 * Each action is told its lane, from 0 to `limit` − 1: those of a lane run one after the other.
 * The first rejection wins and no further item is started.
 */
export async function boundedMap<T, R>(
  items: readonly T[],
  limit: number,
  action: (item: T, lane: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const runLane = async (lane: number) => {
    while (!failed && next < items.length) {
      const index = next++;
      try {
        results[index] = await action(items[index] as T, lane);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, (_, lane) => runLane(lane)),
  );
  return results;
}
