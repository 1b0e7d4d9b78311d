import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Somewhat beyond the window's edges, so that nothing is seen to be drawn. */
const MARGIN = '50%';

/** Whether an element can be seen, or nearly; all of a page can that is about to be printed. */
export function useSeen(element: RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(true);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => setSeen(entries.at(-1)?.isIntersecting === true),
      { rootMargin: MARGIN },
    );
    if (element.current !== null) observer.observe(element.current);
    const print = () => setSeen(true);
    addEventListener('beforeprint', print);
    return () => {
      observer.disconnect();
      removeEventListener('beforeprint', print);
    };
  }, [element]);
  return isSeen;
}
