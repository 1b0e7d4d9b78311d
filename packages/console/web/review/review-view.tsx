import type { ConsoleSelf } from '../../src/console-contract.js';
import type { ReviewsPage } from '../../src/review/review-contract.js';
import { useWatched } from '../live/watched.js';
import { FailureNote } from '../parts/failure-note.js';
import { StaysHere } from '../parts/stays-here.js';
import { CaseReview } from './case-review.js';
import { tell } from './review-language.js';
import { reviewPlace } from './review-places.js';
import { ReviewTable } from './review-table.js';

/** What models drew of this hospital's labelled cases, for people to judge. */
export function ReviewView({ self }: { self: ConsoleSelf }) {
  const { value, failure } = useWatched<ReviewsPage>('/api/reviews');
  const place = reviewPlace.value;
  const review = value?.reviews.find(({ id }) => id === place?.review);
  return (
    <>
      <h1>{tell('review')}</h1>
      <FailureNote failure={failure} />
      {place !== null && review !== undefined && value !== undefined ? (
        <CaseReview
          key={`${place.review}/${place.index}/${review.atMs}`}
          place={place}
          review={review}
          reviewer={value.reviewer}
          isSignedIn={self.person !== null}
        />
      ) : (
        <>
          {value?.reviews.length === 0 && <p>{tell('noReviews', { data: self.dataPath })}</p>}
          {value?.reviews.map((each) => (
            <ReviewTable key={each.id} review={each} />
          ))}
          {value !== undefined && value.unreadable > 0 && (
            <p class="note">{tell('unreadable', { n: value.unreadable })}</p>
          )}
        </>
      )}
      <StaysHere about="Review" />
    </>
  );
}
