/** What was found of one of the things that Fedvox needs of a machine; in the form of a coordinator's check. */
export interface DoctorFinding {
  readonly what: string;
  /** A warning is for a person to see to; a failure is something that is needed and missing. */
  readonly state: 'ok' | 'warning' | 'failure';
  /** One sentence: what was found, or what is wrong. */
  readonly text: string;
  /** What to do, where something is wrong or soon will be. */
  readonly advice?: string;
}

export type Symptom = Omit<DoctorFinding, 'what'>;
