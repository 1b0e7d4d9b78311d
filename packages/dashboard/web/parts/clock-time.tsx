import { words } from '@fedvox/desk/web';
import { say } from '../language.js';
import { present } from '../live/present.js';
import { clockText, wholeSpanText } from '../moments.js';

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

/** How long ago, counting along. */
export function Ago({ atMs }: { atMs: number | null }) {
  if (atMs === null) return <>{words.value.terms.none}</>;
  return <>{say('ago', { span: wholeSpanText(present.value - atMs) })}</>;
}

/** How long until then, or for how long it is past. */
export function Countdown({ atMs }: { atMs: number | null }) {
  if (atMs === null) return <>{words.value.terms.none}</>;
  const leftMs = atMs - present.value;
  const span = wholeSpanText(Math.abs(leftMs));
  return (
    <span class={leftMs < 0 ? 'past' : undefined}>
      {say(leftMs < 0 ? 'past' : 'left', { span })}
    </span>
  );
}
