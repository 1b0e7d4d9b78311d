import type { EdgeLetters, GreyWindow, Plane } from '@fedvox/imaging';
import type { ReviewCase, ReviewRecord } from '@fedvox/learning/reviews';
import type { Stroke } from './draft.js';
import type { VerdictEntry } from './verdict-log.js';

/** What the page of reviews and its server say to each other, as types alone. */

export type { EdgeLetters, GreyWindow, Plane, Stroke, VerdictEntry };
export type VerdictWord = VerdictEntry['verdict'];
export type ClassFigures = ReviewCase['perClass'][number];

/** A case of a review, and the last that was said of it. */
export type ReviewRow = Pick<ReviewCase, 'caseId' | 'dice' | 'perClass'> & {
  /** Its place in the review: part of its address. */
  readonly index: number;
  readonly verdict: VerdictEntry | null;
};

/** A model on labelled cases of this site. */
export type ReviewSummary = Pick<
  ReviewRecord,
  'atMs' | 'model' | 'modelSha256' | 'job' | 'split'
> & {
  readonly id: string;
  readonly dataPath: string;
  /** Of the foreground. */
  readonly classes: readonly string[];
  /** The worst Dice first; last those that have none. */
  readonly cases: readonly ReviewRow[];
};

export interface ReviewsPage {
  /** The newest first. */
  readonly reviews: readonly ReviewSummary[];
  /** Who sits here, as the machine has it: to be changed by whoever else does. */
  readonly reviewer: string;
  /** Lines of the log of verdicts that cannot be read. */
  readonly unreadable: number;
}

/** How the slices of a plane lie in the scan: what a browser needs to tell a pixel's voxel. */
export interface PlaneLayout {
  /** Voxel axes, from their last voxel to their first where reversed. */
  readonly rightwards: PictureAxisLayout;
  readonly downwards: PictureAxisLayout;
  readonly through: PictureAxisLayout;
  readonly letters: EdgeLetters;
}

interface PictureAxisLayout {
  readonly axis: 0 | 1 | 2;
  readonly isReversed: boolean;
}

export const WINDOW_NAMES = [
  'usual',
  'contrast',
  'whole',
  'softTissue',
  'lung',
  'bone',
  'brain',
] as const;
export type WindowName = (typeof WINDOW_NAMES)[number];

export interface NamedWindow {
  readonly name: WindowName;
  readonly window: GreyWindow;
}

/** What is known of a case that lies open. */
export interface OpenedCase {
  readonly index: number;
  readonly caseId: string;
  /** How people find it: folder and end of the series' UID, or the file. */
  readonly what: string;
  readonly modality: string | null;
  readonly shape: readonly [number, number, number];
  readonly spacingMm: readonly [number, number, number];
  readonly planes: Readonly<Record<Plane, PlaneLayout>>;
  /** The voxel to begin with: amid what label and prediction disagree about most. */
  readonly start: readonly [number, number, number];
  /** The first one is shown to begin with. */
  readonly windows: readonly NamedWindow[];
  /** Colours of the foreground classes, as red, green and blue. */
  readonly colours: readonly (readonly [number, number, number])[];
  /** Scan or label are others than the figures are of. */
  readonly isChanged: boolean;
  /** All that was said of it with this model, the last first. */
  readonly said: readonly VerdictEntry[];
  /** Why no corrected label can be written for it; null where it can. */
  readonly uncorrectable: string | null;
  readonly drawing: DrawingState;
}

/** What is drawn over a scan just now. */
export interface DrawingState {
  /** Another number is another picture. */
  readonly version: number;
  /** Strokes of the label that is being corrected that can be taken back; null while none is. */
  readonly strokes: number | null;
}

/** What is done to a label that is being corrected. */
export type DraftOrder =
  | { readonly kind: 'begin'; readonly from: 'label' | 'prediction' }
  | Stroke
  | { readonly kind: 'undo' }
  | { readonly kind: 'drop' };
