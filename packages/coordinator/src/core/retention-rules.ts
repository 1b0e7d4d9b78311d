import type { Sha256 } from '@fedvox/base';

/** How long bytes are kept that no round needs any more; null keeps them for ever. */
export interface RetentionRules {
  /** A site's delta, after its round was committed. */
  readonly deltasMs: number | null;
  /** The same by rounds that were committed after its own, or by the job's end. */
  readonly deltasRounds: number | null;
  /** A job's models, after it has ended; never the best and the last. */
  readonly modelsMs: number | null;
}

/** Bytes that a row names, and since when only an audit would ask for them. */
export interface NamedBytes {
  /** A strategy's state counts as the model that it was kept with. */
  readonly kind: 'delta' | 'model';
  readonly sha256: Sha256;
  /** Null while a round may still need them, and where their job archives them. */
  readonly sinceMs: number | null;
  /** Of a delta, the rounds that were committed after its own; without end once the job is over. */
  readonly roundsSince?: number;
}

/** What of one job lies in the blob store. */
export interface JobBytes {
  /** Of a deleted job nothing is kept, whatever the rules. */
  readonly isDeleted: boolean;
  readonly bytes: readonly NamedBytes[];
  /** Its definition, its best, last and present model. */
  readonly kept: readonly Sha256[];
}

/**
 * The bytes that may go now. Bytes have their name from what they are: what one job is done with may
 * be another one's present model, and stays for it.
 */
export function removable(
  jobs: readonly JobBytes[],
  rules: RetentionRules,
  nowMs: number,
): readonly Sha256[] {
  const due = new Set<Sha256>();
  const needed = new Set<Sha256>();
  for (const { isDeleted, bytes, kept } of jobs) {
    for (const sha256 of kept) (isDeleted ? due : needed).add(sha256);
    for (const each of bytes) {
      (isDeleted || isDue(each, rules, nowMs) ? due : needed).add(each.sha256);
    }
  }
  return [...due].filter((sha256) => !needed.has(sha256)).sort();
}

function isDue(
  { kind, sinceMs, roundsSince = 0 }: NamedBytes,
  { deltasMs, deltasRounds, modelsMs }: RetentionRules,
  nowMs: number,
): boolean {
  if (sinceMs === null) return false;
  const isAged = (keptMs: number | null) => keptMs !== null && nowMs - sinceMs >= keptMs;
  if (kind === 'model') return isAged(modelsMs);
  return isAged(deltasMs) || (deltasRounds !== null && roundsSince >= deltasRounds);
}
