// What an evaluation kept for people to look at: the door `@fedvox/learning/reviews`. No engine is loaded.
export { readPrediction } from './kept-review/kept-prediction.js';
export {
  type FoundReview,
  findReviews,
  type ReviewCase,
  type ReviewClass,
  type ReviewRecord,
} from './kept-review/review-record.js';
