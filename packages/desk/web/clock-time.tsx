import { words } from './chosen-language.js';
import { clockText } from './moments.js';

/** A moment in the reader's time zone; UTC is told to whoever points at it. */
export function ClockTime({ atMs }: { atMs: number | null }) {
  if (atMs === null) return <>{words.value.terms.none}</>;
  const utc = new Date(atMs).toISOString();
  return (
    <time dateTime={utc} title={utc}>
      {clockText(atMs)}
    </time>
  );
}
