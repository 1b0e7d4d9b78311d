import { say } from '../language.js';

interface RoundBarProps {
  readonly round: number;
  readonly totalRounds: number;
}

/** How far a job is; 0 is the data gate. */
export function RoundBar({ round, totalRounds }: RoundBarProps) {
  const text = round === 0 ? say('gateOf', { of: totalRounds }) : `${round} / ${totalRounds}`;
  return (
    <span class="rounds">
      <progress value={round} max={totalRounds} aria-label={text} />
      <span>{text}</span>
    </span>
  );
}
