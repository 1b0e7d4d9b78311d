import { words } from '@fedvox/desk/web';
import { MAX_TIMED_ROUNDS, RoundAnswers, toldText } from '@fedvox/report/parts';
import type { ComponentChildren } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { JobDetails } from '../../src/page-contract.js';
import { say } from '../language.js';
import { useFollowed } from '../live/followed.js';
import { type FollowedJob, loadJob } from '../live/job-record.js';
import { Countdown } from '../parts/counting-time.js';
import { FailureNote } from '../parts/failure-note.js';
import { RoundBar } from '../parts/round-bar.js';
import { StatusMark } from '../parts/status-mark.js';
import { mayOrder, self } from '../session.js';
import { FiguresSection } from './figures-section.js';
import { JobFacts } from './job-facts.js';
import { JobOrders } from './job-orders.js';
import { MembersSection } from './members-section.js';
import { ModelsSection } from './models-section.js';
import { PresentRound } from './present-round.js';
import { TimelineSection } from './timeline-section.js';
import { UpdatesSection } from './updates-section.js';

/** A job, live. */
export function JobView({ id }: { id: string }) {
  const { value, failure } = useFollowed<FollowedJob>(`job ${id}`, (before, signal, tell) =>
    loadJob(id, before, signal, tell),
  );
  return (
    <>
      <p class="back">
        <a href="#/jobs">{say('allJobs')}</a>
      </p>
      <FailureNote failure={failure} />
      {value && <Sections {...value} />}
    </>
  );
}

function Sections(job: FollowedJob) {
  const { details, events } = job;
  const answers = useRef(new RoundAnswers());
  const asked = useMemo(() => answers.current.after(events), [events]);
  const { id, gate, status, current } = details;
  // The same element is not looked at again.
  const members = useMemo(
    () => <MembersSection id={id} gate={gate} status={status} />,
    [id, gate, status],
  );
  const settled = useSettled(details);
  const figures = useMemo(
    () =>
      self.value?.metrics.map((metric) => (
        <FiguresSection key={metric.name} details={settled} metric={metric} />
      )),
    [settled, self.value],
  );
  // What waits for a person stands first.
  const isHeld = current?.phase === 'held';
  const present = current && (
    <PresentRound key="present" details={details} rounds={asked} current={current} />
  );
  return (
    <>
      <h1>
        {details.name} <span class="note">{details.id}</span>
      </h1>
      <Summary {...details} />
      {mayOrder() && <JobOrders {...details} />}
      {isHeld && present}
      {figures}
      {!isHeld && present}
      <TimelineSection {...job} rounds={asked} />
      {members}
      <UpdatesSection {...details} />
      <ModelsSection {...job} />
      <JobFacts {...job} />
      <p class="note">{say('notTold')}</p>
    </>
  );
}

/**
 * Of a long job, as it was when its last model came: each answer changes the figures of that one alone, which are whole
 * when the next one comes, and a thousand others would be drawn again with it.
 */
function useSettled(details: JobDetails): JobDetails {
  const settled = useRef(details);
  const before = settled.current;
  const isSame =
    details.rounds.length > MAX_TIMED_ROUNDS &&
    details.rounds.length === before.rounds.length &&
    details.status === before.status &&
    details.gate === before.gate &&
    details.best?.round === before.best?.round;
  if (!isSame) settled.current = details;
  return settled.current;
}

function Summary({ current, best, bestBy, rounds, ...job }: JobDetails) {
  const { terms } = words.value;
  const row = rounds.find(({ round }) => round === best?.round);
  const title = self.value?.metrics.find(({ name }) => name === bestBy)?.title ?? bestBy;
  const figure = row ? `${title} ${toldText(row, bestBy, words.value)}` : terms.none;
  const answered = current?.sites.filter(({ answer }) => !answer.endsWith('awaited')).length;
  return (
    <dl class="summary">
      <Term name={terms.status}>
        <StatusMark {...job} />
      </Term>
      <Term name={terms.rounds}>
        <RoundBar {...job} />
      </Term>
      <Term name={say('phase')}>{current ? say(`phase-${current.phase}`) : terms.none}</Term>
      <Term name={say('answered')}>
        {current ? say('answeredOf', { n: answered ?? 0, of: current.sites.length }) : terms.none}
      </Term>
      <Term name={terms.deadline}>
        <Countdown atMs={job.status === 'running' ? (current?.deadlineAtMs ?? null) : null} />
      </Term>
      <Term name={terms.bestModel}>
        {best ? say('bestIn', { figure, round: best.round }) : terms.none}
      </Term>
    </dl>
  );
}

function Term({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
