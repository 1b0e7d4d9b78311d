import { useEffect, useState } from 'preact/hooks';

type Pages = typeof import('./submit-view.js');

/** Loads what only operators need who submit a job: whoever looks on does not wait for it. */
export function SubmitEntry() {
  const [pages, setPages] = useState<Pages | null>(null);
  useEffect(() => {
    void import('./submit-view.js').then(setPages);
  }, []);
  return pages && <pages.SubmitView />;
}
