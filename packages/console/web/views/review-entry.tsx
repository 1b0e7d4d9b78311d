import { useEffect, useState } from 'preact/hooks';
import type { ConsoleSelf } from '../../src/console-contract.js';

type Pages = typeof import('../review/review-view.js');

/** Loads what only reviewers need when it is asked for: whoever looks at the rest does not wait for it. */
export function ReviewEntry({ self }: { self: ConsoleSelf }) {
  const [pages, setPages] = useState<Pages | null>(null);
  useEffect(() => {
    void import('../review/review-view.js').then(setPages);
  }, []);
  return pages && <pages.ReviewView self={self} />;
}
