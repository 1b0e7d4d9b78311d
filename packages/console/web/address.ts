import { computed, signal } from '@preact/signals';

export const PLACES = ['today', 'left', 'data', 'jobs', 'review'] as const;
/** What the page shows; it stands behind the `#` of its address, and more of it behind that. */
export type Place = (typeof PLACES)[number];

export const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});
export const place = computed<Place>(() => placeOf(hash.value));

export function placeOf(hash: string): Place {
  const [, kind = ''] = hash.split('/');
  return PLACES.find((each) => each === kind) ?? 'today';
}
