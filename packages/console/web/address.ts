import { signal } from '@preact/signals';

export const PLACES = ['today', 'left', 'data', 'jobs'] as const;
/** What the page shows; it stands behind the `#` of its address. */
export type Place = (typeof PLACES)[number];

export const place = signal<Place>(placeOf(location.hash));
addEventListener('hashchange', () => {
  place.value = placeOf(location.hash);
});

export function placeOf(hash: string): Place {
  const [, kind = ''] = hash.split('/');
  return PLACES.find((each) => each === kind) ?? 'today';
}
