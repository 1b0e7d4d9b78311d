import type { VerdictWord, WindowName } from '../../../src/review/review-contract.js';

/** Every text of the pages of reviews; one that is missing in a language does not compile. */
export type ReviewWord =
  | `plane-${'axial' | 'coronal' | 'sagittal'}`
  | `window-${WindowName}`
  | `verdict-${VerdictWord}`
  | 'accept'
  | 'allCases'
  | 'atSlice'
  | 'case'
  | 'changed'
  | 'class'
  | 'data'
  | 'dice'
  | 'evaluatedAt'
  | 'figuresHere'
  | 'hd95'
  | 'keys'
  | 'keysCase'
  | 'keysPlane'
  | 'keysTitle'
  | 'label'
  | 'labelMl'
  | 'level'
  | 'looked'
  | 'nextCase'
  | 'noReviews'
  | 'note'
  | 'notSaid'
  | 'opening'
  | 'prediction'
  | 'predictionMl'
  | 'previousCase'
  | 'reject'
  | 'review'
  | 'reviewer'
  | 'said'
  | 'saveCsv'
  | 'surface'
  | 'unreadable'
  | 'verdict'
  | 'volume'
  | 'width'
  | 'window'
  | 'worstFirst'
  | 'zoom';

export type ReviewWords = Readonly<Record<ReviewWord, string>>;
