import { DataTable, wholeSpanText, words } from '@fedvox/desk/web';
import { type AnsweredRound, spanText } from '@fedvox/report/parts';
import { computed } from '@preact/signals';
import { useMemo, useState } from 'preact/hooks';
import type { CurrentWork, JobDetails } from '../../src/page-contract.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { present } from '../live/present.js';
import { Ago } from '../parts/counting-time.js';
import { OrderButton } from '../parts/order-button.js';
import { mayOrder } from '../session.js';

interface PresentProps {
  readonly details: JobDetails;
  /** All that were opened. */
  readonly rounds: readonly AnsweredRound[];
  readonly current: CurrentWork;
}
type SiteNow = CurrentWork['sites'][number];

/** Sites that are listed before somebody asks for all. */
const AT_FIRST = 50;
/** Beyond so many times as long as usual, a site is pointed out. */
const SLOW_FACTOR = 2;
/** What is usual is told by so many of the last rounds. */
const USUAL_ROUNDS = 50;
const UNDECIDED: readonly CurrentWork['phase'][] = [
  'open',
  'closing',
  'screening',
  'held',
  'failed',
];

/** Who is awaited now, how long that takes as a rule, and what can be said of an update that came. */
export function PresentRound({ details, rounds, current }: PresentProps) {
  const [isWhole, showWhole] = useState(false);
  const now = rounds.at(-1);
  // What is usual is found anew with every round, not with every answer to one.
  const usual = useMemo(() => usualAnswersMs(rounds), [rounds.length]);
  const title =
    current.kind === 'check-data'
      ? words.value.terms.gate
      : say('presentRound', { round: current.round });
  const canDecide =
    mayOrder() &&
    current.kind === 'train' &&
    UNDECIDED.includes(current.phase) &&
    current.sites.some(({ answer }) => answer === 'answered' || answer === 'quarantined');
  const columns = [
    { title: words.value.terms.site },
    { title: say('answer') },
    { title: say('doing') },
    { title: say('lastSeen') },
    { title: say('usually') },
    ...(canDecide ? [{ title: say('decide') }] : []),
  ];
  const shown = inOrderOfNeed(current.sites).slice(0, isWhole ? undefined : AT_FIRST);
  const rows = shown.map((site) => ({
    key: site.site,
    cells: [
      site.site,
      answerText(site),
      site.state === null ? words.value.terms.none : say(`state-${site.state}`),
      <Ago key="seen" atMs={site.lastSeenAtMs} />,
      <Pace
        key="pace"
        usualMs={usual.get(site.site) ?? null}
        sinceMs={site.answer === 'awaited' && now?.endedAtMs === null ? now.openedAtMs : null}
      />,
      ...(canDecide
        ? [<Decision key="decide" job={details.id} round={current.round} {...site} />]
        : []),
    ],
  }));
  return (
    <section>
      <h2>{title}</h2>
      {current.phase === 'held' && <p class="alert">{say('heldAdvice')}</p>}
      <DataTable name={title} columns={columns} rows={rows} />
      {shown.length < current.sites.length && (
        <button type="button" onClick={() => showWhole(true)}>
          {say('allSites', { n: current.sites.length })}
        </button>
      )}
    </section>
  );
}

/** Whom a person may have to see to first. */
const NEED: readonly SiteNow['answer'][] = [
  'quarantined',
  'declined',
  'given-up',
  'awaited',
  'not-awaited',
  'answered',
];

function inOrderOfNeed(sites: readonly SiteNow[]): SiteNow[] {
  return [...sites].sort((a, b) => NEED.indexOf(a.answer) - NEED.indexOf(b.answer));
}

function answerText({ answer, reason }: SiteNow): string {
  const text = say(`answer-${answer}`);
  return reason === null ? text : `${text}: ${words.value.outcome[reason]}`;
}

interface PaceProps {
  readonly usualMs: number | null;
  /** When the round was opened that the site has yet to answer; null where it has none to answer. */
  readonly sinceMs: number | null;
}

/** "usually 14 min, now 31": by the coordinator's own clock. */
function Pace({ usualMs, sinceMs }: PaceProps) {
  if (usualMs === null) return <>{words.value.terms.none}</>;
  if (sinceMs === null) return <>{spanText(usualMs, words.value)}</>;
  return <PaceNow usualMs={usualMs} sinceMs={sinceMs} />;
}

/** Each second writes a text anew, and nothing else of the page. */
function PaceNow({ usualMs, sinceMs }: { usualMs: number; sinceMs: number }) {
  const { look, text } = useMemo(() => {
    const isSlow = computed(() => present.value - sinceMs > SLOW_FACTOR * usualMs);
    const tell = () =>
      say(isSlow.value ? 'paceSlow' : 'pace', {
        usual: spanText(usualMs, words.value),
        now: wholeSpanText(present.value - sinceMs),
      });
    return { look: computed(() => (isSlow.value ? 'past' : undefined)), text: computed(tell) };
  }, [usualMs, sinceMs]);
  return <span class={look}>{text}</span>;
}

/** By site, the median time from a round's opening to its answer, of the last rounds before the present one. */
function usualAnswersMs(rounds: readonly AnsweredRound[]): ReadonlyMap<string, number> {
  const took = new Map<string, number[]>();
  for (const { round, openedAtMs, answers } of rounds.slice(-USUAL_ROUNDS - 1, -1)) {
    if (round === 0) continue;
    for (const [site, { atMs }] of answers) {
      const times = took.get(site) ?? [];
      if (times.push(atMs - openedAtMs) === 1) took.set(site, times);
    }
  }
  const middle = (times: number[]) =>
    times.sort((a, b) => a - b)[Math.floor((times.length - 1) / 2)] as number;
  return new Map([...took].map(([site, times]) => [site, middle(times)]));
}

interface DecisionProps extends SiteNow {
  readonly job: string;
  readonly round: number;
}

function Decision({ job, round, site, answer }: DecisionProps) {
  const give = (order: string) => () =>
    post(`/api/jobs/${encodeURIComponent(job)}/${order}`, { round, site });
  if (answer === 'quarantined') {
    return (
      <OrderButton
        label={say('release')}
        about={site}
        consequence={say('releaseDoes', { round })}
        give={give('release')}
      />
    );
  }
  if (answer !== 'answered') return null;
  return (
    <OrderButton
      label={say('leaveOut')}
      about={site}
      consequence={say('leaveOutDoes', { round })}
      give={give('quarantine')}
    />
  );
}
