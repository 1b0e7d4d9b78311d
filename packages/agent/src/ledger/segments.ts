import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A full file of the ledger, which nothing is added to any more. */
export interface Segment {
  readonly path: string;
  /** Number of its last entry. */
  readonly lastNumber: number;
}

const NUMBER_DIGITS = 12;

/** `egress.jsonl` is set aside as `egress-000000065536.jsonl`, by the number of its last entry. */
export function segmentPath(ledger: string, lastNumber: number): string {
  const name = basename(ledger, '.jsonl');
  return join(dirname(ledger), `${name}-${String(lastNumber).padStart(NUMBER_DIGITS, '0')}.jsonl`);
}

/** The files that were set aside, oldest first; none where the ledger has never been full. */
export function segmentsOf(ledger: string): readonly Segment[] {
  const pattern = new RegExp(`^${basename(ledger, '.jsonl')}-(\\d{${NUMBER_DIGITS}})\\.jsonl$`);
  if (!existsSync(dirname(ledger))) return [];
  return readdirSync(dirname(ledger))
    .flatMap((name) => {
      const digits = name.match(pattern)?.[1];
      if (digits === undefined) return [];
      return [{ path: join(dirname(ledger), name), lastNumber: Number(digits) }];
    })
    .sort((a, b) => a.lastNumber - b.lastNumber);
}
