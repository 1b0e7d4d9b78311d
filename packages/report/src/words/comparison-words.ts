import type { Words } from './words.js';

/** What the report of a comparison says beside that of a job. */
export interface ComparisonWords {
  readonly title: (scenario: string) => string;
  readonly terms: Readonly<
    Record<
      | 'mode'
      | 'engine'
      | 'seeds'
      | 'seed'
      | 'validationCases'
      | 'variants'
      | 'variant'
      | 'interval'
      | 'mean'
      | 'bytes'
      | 'duration'
      | 'bySite'
      | 'worstSite'
      | 'byClass'
      | 'attendance'
      | 'runs'
      | 'repeat',
      string
    >
  > & { readonly difference: (reference: string) => string };
  readonly mode: Readonly<Record<'real' | 'virtual', string>>;
  readonly baseline: Readonly<Record<'pooled' | 'alone', string>>;
  readonly chartTitle: string;
  readonly chartDescription: (variants: number) => string;
  readonly curveTitle: string;
  readonly curveDescription: (variants: number) => string;
  readonly statisticsNote: string;
  readonly baselineNote: (epochsPerRound: number) => string;
  readonly gainNote: string;
  readonly gainTitle: string;
  readonly gainDescription: (sites: number) => string;
  /** @param worse how many dots are below 0 */
  readonly gainRange: (least: string, most: string, worse: number) => string;
  readonly bytesTitle: string;
  readonly bytesDescription: (variants: number) => string;
  readonly bytesAxis: (figure: string) => string;
  readonly bytesNote: string;
  readonly attendanceNote: string;
  readonly lastAfter: (site: string, span: string) => string;
  readonly without: (names: string) => string;
  readonly repeatNote: (seeds: string) => string;
}

export type WordsOfComparison = Words & { readonly comparison: ComparisonWords };
