/**
 * What is told anew, in the very objects that told the same before, however deep they lie: whoever draws them goes by
 * whether it is another one.
 */
export function keptIn<T>(before: unknown, told: T): T {
  if (!isComposite(before) || !isComposite(told)) return told;
  if (Array.isArray(before) !== Array.isArray(told)) return told;
  // What was just read from an answer is nobody else's yet: it is changed where it lies.
  const now: Record<string, unknown> = told;
  let isSame = Object.keys(before).length === Object.keys(now).length;
  for (const key in now) {
    const kept = keptIn(before[key], now[key]);
    now[key] = kept;
    isSame &&= kept === before[key];
  }
  return isSame ? (before as T) : told;
}

function isComposite(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
