import type { AggregationInput, SiteUpdate } from '@fedvox/aggregation';
import type { Sha256 } from '@fedvox/base';
import type { EncodingSpec } from '@fedvox/job';

/** Where a file lies, to be opened at once: a copy of what lies elsewhere may make room for others. */
export type FilePath = () => Promise<string>;

/** What one update of a round is, and where its delta lies. */
export interface UpdateIn<File> extends Omit<SiteUpdate, 'delta'> {
  readonly delta: File;
}

/** A round to be aggregated, from files into files. */
export interface RoundIn<File> extends Pick<AggregationInput, 'spec' | 'maxShare'> {
  readonly base: File;
  readonly serverState: File | null;
  readonly updates: readonly UpdateIn<File>[];
  /** Of their deltas. */
  readonly encoding: EncodingSpec;
  /** Where the model goes, what is kept for the next round, and, numbered, what is written down on the way. */
  readonly drafts: { readonly model: string; readonly state: string; readonly spool: string };
}

export type RoundTask = RoundIn<FilePath>;

/** The same with its files open, by their descriptors, which every thread of the process may read by. */
export type OpenRound = RoundIn<number>;

/** Digests of what lies in the drafts. */
export interface RoundDrafts {
  readonly model: Sha256;
  readonly serverState: Sha256 | null;
}
