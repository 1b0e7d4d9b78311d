import { wholeSpanText, words } from '@fedvox/desk/web';
import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { say } from '../language.js';
import { present } from '../live/present.js';

/** How long ago, counting along: each second writes a text anew, and nothing else of the page. */
export function Ago({ atMs }: { atMs: number | null }) {
  const tell = () =>
    atMs === null
      ? words.value.terms.none
      : say('ago', { span: wholeSpanText(present.value - atMs) });
  const text = useMemo(() => computed(tell), [atMs]);
  return <>{text}</>;
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
