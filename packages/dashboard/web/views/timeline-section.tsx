import { spanChart } from '@fedvox/charts';
import { Chart, language, words } from '@fedvox/desk/web';
import {
  type AnsweredRound,
  MAX_TIMED_ROUNDS,
  PaceColumns,
  timelineChart,
} from '@fedvox/report/parts';
import { useMemo, useRef } from 'preact/hooks';
import type { FollowedJob } from '../live/job-record.js';

interface TimelineProps extends FollowedJob {
  readonly rounds: readonly AnsweredRound[];
}

/** Who answered when: stragglers stand out. */
export function TimelineSection({ details, events, rounds }: TimelineProps) {
  // By number a round is drawn as it opens, with all before it: each answer of the present one is told above.
  const isByNumber = rounds.length > MAX_TIMED_ROUNDS;
  const columns = useRef(new PaceColumns());
  const draw = useMemo(() => {
    const isOpen = details.current !== null && details.status === 'running';
    const untilMs = isOpen ? Date.now() : (events.at(-1)?.atMs ?? details.submittedAtMs);
    return () => spanChart(timelineChart(rounds, untilMs, words.value, columns.current));
  }, [isByNumber ? rounds.length : rounds, language.value]);
  if (events.length === 0) return null;
  return (
    <section>
      <h2>{words.value.terms.timeline}</h2>
      <Chart draw={draw} />
    </section>
  );
}
