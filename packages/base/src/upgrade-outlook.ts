/** What this version of the program would make of something that lies in a state. */
export type FormatFate = 'stays' | 'migrates' | 'too-new' | 'unreadable';

/** One kind of thing that a state holds, and in which forms it lies there. */
export interface FormatOutlook {
  readonly what: string;
  /** In words: `version 12`, `3 of version 1`. */
  readonly lies: string;
  /** The newest form that this version knows; null where each form is read as what it is. */
  readonly known: number | null;
  readonly fate: FormatFate;
}

/** A copy that an upgrade kept, by which there is a way back. */
export interface CopyOutlook {
  readonly folder: string;
  /** Which version of the program kept it, before it changed the state. */
  readonly program: string;
  readonly from: number;
  readonly to: number;
  readonly takenAtMs: number;
}

/** What an upgrade to this version would do to a state, told by somebody who changes nothing. */
export interface UpgradeOutlook {
  readonly kind: 'coordinator' | 'agent';
  /** The folder, or who, where and which database. */
  readonly place: string;
  /** Which version opened it last; null where that was before they were written down. */
  readonly lastProgram: string | null;
  readonly formats: readonly FormatOutlook[];
  readonly copies: readonly CopyOutlook[];
  /** Whether this version can go on with it. */
  readonly canGoOn: boolean;
  /** Whether it would change anything before it goes on. */
  readonly migrates: boolean;
  /** What the way back is once it was brought forward. */
  readonly wayBack: 'copy' | 'backup' | 'not-needed';
}

/** Draws the conclusion of what lies there. */
export function outlookOf(
  found: Omit<UpgradeOutlook, 'canGoOn' | 'migrates' | 'wayBack'>,
  keeps: 'copy' | 'backup',
): UpgradeOutlook {
  const fates = found.formats.map(({ fate }) => fate);
  const canGoOn = !fates.some((fate) => fate === 'too-new' || fate === 'unreadable');
  const migrates = canGoOn && fates.includes('migrates');
  return { ...found, canGoOn, migrates, wayBack: migrates ? keeps : 'not-needed' };
}

/** What becomes of a form that says its version; null is one that can't be read so far. */
export function fateOf(version: number | null, known: number): FormatFate {
  if (version === null) return 'unreadable';
  if (version > known) return 'too-new';
  return version < known ? 'migrates' : 'stays';
}

/** The worst that becomes of several. */
export function worstFate(fates: readonly FormatFate[]): FormatFate {
  const order: readonly FormatFate[] = ['unreadable', 'too-new', 'migrates'];
  return order.find((fate) => fates.includes(fate)) ?? 'stays';
}
