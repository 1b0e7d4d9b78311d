/** What was found of one of the things that a site needs. */
export interface CheckLine {
  readonly what: 'credentials' | 'coordinator' | 'data' | 'engine' | 'job';
  readonly ok: boolean;
  /** One sentence: what was found, or what is wrong. */
  readonly text: string;
  /** What to do, where something is wrong or soon will be. */
  readonly advice?: string;
}

/** Where nothing is wrong. */
export type Finding = Pick<CheckLine, 'text' | 'advice'>;
