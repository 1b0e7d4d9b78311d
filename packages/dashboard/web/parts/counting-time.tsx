import { wholeSpanText, words } from '@fedvox/desk/web';
import { say } from '../language.js';
import { present } from '../live/present.js';

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
