import { useRef } from 'preact/hooks';
import { useSeen } from './seen.js';

interface ChartProps {
  /** A picture as `@fedvox/charts` writes it: its text comes escaped from there. Another function is another picture. */
  readonly draw: () => string;
}

/** A chart. Out of sight it stays as it was, and is drawn again when somebody comes to see it. */
export function Chart({ draw }: ChartProps) {
  const figure = useRef<HTMLElement>(null);
  const isSeen = useSeen(figure);
  const drawn = useRef<{ readonly by: () => string; readonly svg: string } | null>(null);
  if (drawn.current === null || (isSeen && drawn.current.by !== draw)) {
    drawn.current = { by: draw, svg: draw() };
  }
  return <figure ref={figure} dangerouslySetInnerHTML={{ __html: drawn.current.svg }} />;
}
