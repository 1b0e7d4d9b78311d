import { computed } from '@preact/signals';
import { hash } from '../address.js';

/** A case of a review. */
export interface ReviewPlace {
  readonly review: string;
  readonly index: number;
}

/** The case that the address names, if it names one. */
export const reviewPlace = computed<ReviewPlace | null>(() => {
  const [, , review = '', index = ''] = hash.value.split('/');
  return review === '' || !/^\d+$/.test(index) ? null : { review, index: Number(index) };
});

export const addressOf = ({ review, index }: ReviewPlace) => `#/review/${review}/${index}`;
export const pathOf = ({ review, index }: ReviewPlace) => `/api/reviews/${review}/cases/${index}`;
