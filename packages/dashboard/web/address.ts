import { signal } from '@preact/signals';

/** What the page shows; it stands behind the `#` of its address, so that it can be kept and sent on. */
export type Place =
  | { readonly kind: 'jobs' }
  | { readonly kind: 'job'; readonly id: string }
  | { readonly kind: 'sites' }
  | { readonly kind: 'facts' }
  | { readonly kind: 'submit' };

export const place = signal<Place>(placeOf(location.hash));
addEventListener('hashchange', () => {
  place.value = placeOf(location.hash);
});

export function placeOf(hash: string): Place {
  const [, kind = '', id = ''] = hash.split('/');
  if (kind === 'jobs' && id !== '') return { kind: 'job', id: decodeURIComponent(id) };
  if (kind === 'sites' || kind === 'facts' || kind === 'submit') return { kind };
  return { kind: 'jobs' };
}

export const jobAddress = (id: string) => `#/jobs/${encodeURIComponent(id)}`;
