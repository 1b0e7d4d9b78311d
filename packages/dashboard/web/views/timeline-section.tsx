import { spanChart } from '@fedvox/charts';
import { Chart, language, words } from '@fedvox/desk/web';
import { answersOf, timelineChart } from '@fedvox/report/parts';
import { useMemo } from 'preact/hooks';
import type { FollowedJob } from '../live/job-record.js';

/** Who answered when: stragglers stand out. */
export function TimelineSection({ details, events }: FollowedJob) {
  const svg = useMemo(() => {
    const isOpen = details.current !== null && details.status === 'running';
    const untilMs = isOpen ? Date.now() : (events.at(-1)?.atMs ?? details.submittedAtMs);
    return spanChart(timelineChart(answersOf(events), untilMs, words.value));
  }, [events, language.value]);
  if (events.length === 0) return null;
  return (
    <section>
      <h2>{words.value.terms.timeline}</h2>
      <Chart svg={svg} />
    </section>
  );
}
