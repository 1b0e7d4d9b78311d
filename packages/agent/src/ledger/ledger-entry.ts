import { SHA256_PATTERN, type StoredFormat } from '@fedvox/base';
import { EGRESS_KINDS } from '@fedvox/protocol';
import { z } from 'zod';

/** What a message was about, as far as it was about anything. */
export interface Subject {
  readonly job: string | null;
  readonly round: number | null;
  /** Of the statement, the delta, or the bytes asked for. */
  readonly digest: string | null;
}

const ledgerEntrySchema = z.strictObject({
  /** Counts entries from 1 without a gap, so that a missing line shows. */
  n: z.number().int().positive(),
  at: z.iso.datetime(),
  kind: z.enum(EGRESS_KINDS),
  /** gRPC message bytes, its five-byte frame header included. */
  bytes: z.number().int().nonnegative(),
  job: z.string().nullable(),
  round: z.number().int().nonnegative().nullable(),
  digest: z.string().regex(SHA256_PATTERN).nullable(),
});

/** One message that left this site, or was about to when the agent was killed. */
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;

/**
 * An entry as a line of the ledger, which says its version; the first agents' lines say none. Lines stay
 * as they were written, so that one ledger holds entries of every version that its site ever ran.
 */
export const LEDGER_ENTRY: StoredFormat<LedgerEntry> = {
  schema: ledgerEntrySchema,
  migrations: [],
};
