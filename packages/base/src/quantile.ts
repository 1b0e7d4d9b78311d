/**
 * A quantile, linear between the two nearest ranks (Hyndman and Fan 1996, type 7; NumPy's default).
 * @param sorted rising, and not empty
 * @param part in [0, 1]
 */
export function quantileOf(sorted: ArrayLike<number>, part: number): number {
  const rank = part * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] as number;
  const above = sorted[Math.ceil(rank)] as number;
  return below + (above - below) * (rank - Math.floor(rank));
}
