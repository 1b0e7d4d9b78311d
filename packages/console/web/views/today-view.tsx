import { lineChart } from '@fedvox/charts';
import { Chart, ClockTime, dayText, language, wholeSpanText, words } from '@fedvox/desk/web';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { AgentNow, EpochLoss, TodayPage } from '../../src/console-contract.js';
import { byteSizeText } from '../amounts.js';
import { say } from '../language.js';
import { present } from '../live/present.js';
import { useWatched } from '../live/watched.js';
import { Facts } from '../parts/facts.js';
import { FailureNote } from '../parts/failure-note.js';
import { StaysHere } from '../parts/stays-here.js';

type Status = NonNullable<AgentNow['status']>;
const DAY_MS = 86_400_000;
/** Below this many days a person should know that the certificate ends. */
const FEW_DAYS = 14;
/** Below this part of the disk a training may not end. */
const LITTLE_ROOM = 0.05;

/** Whether the agent runs, what it does, and what will need somebody soon. */
export function TodayView() {
  const { value, failure } = useWatched<TodayPage>('/api/today');
  return (
    <>
      <h1>{say('today')}</h1>
      <FailureNote failure={failure} />
      {value && <Agent now={value.now} />}
      {value && value.losses.length > 0 && <Losses losses={value.losses} />}
      <StaysHere about="Today" />
    </>
  );
}

function Agent({ now: { life, pid, status } }: { now: AgentNow }) {
  const isWell = life === 'running';
  return (
    <section>
      <h2 class={`life life-${isWell ? 'well' : 'unwell'}`}>{say(`life-${life}`)}</h2>
      <p>{say(`lifeHelp-${life}`)}</p>
      {pid !== null && status && (
        <p class="note">{say('process', { pid, program: status.program })}</p>
      )}
      {status && <Waiting jobs={status.awaiting} />}
      {status && <StatusFacts status={status} isWell={isWell} />}
    </section>
  );
}

function Waiting({ jobs }: { jobs: readonly string[] }) {
  if (jobs.length === 0) return null;
  return (
    <p>
      <a class="past" href="#/jobs">
        {say('waitingForYou', { n: jobs.length })}
      </a>
    </p>
  );
}

function StatusFacts({ status, isWell }: { status: Status; isWell: boolean }) {
  const { line, doing, disk, atMs } = status;
  const said = say('ago', { span: wholeSpanText(present.value - atMs) });
  return (
    <>
      {!isWell && <p class="note">{said}</p>}
      <Facts
        of={[
          [
            say('lineTo'),
            <>
              <span class={line.state === 'away' ? 'past' : undefined}>
                {say(`line-${line.state}`)}
              </span>
              <Note>
                {line.address}, <Since atMs={line.sinceMs} />
              </Note>
              {line.failure !== null && <Note>{line.failure}</Note>}
            </>,
          ],
          [say('doing'), <DoingNow key="doing" doing={doing} />],
          [say('disk'), <Room key="disk" {...disk} />],
          [say('certificate'), <Certificate key="until" endsAtMs={status.certificateEndsAtMs} />],
        ]}
      />
    </>
  );
}

function DoingNow({ doing }: { doing: Status['doing'] }) {
  const { at, job, round, work, progress, sinceMs } = doing;
  const isWork = at === 'working' && work !== null;
  return (
    <>
      {say(isWork ? `work-${work}` : `place-${at}`)}
      {job !== null && <Note>{say('atJob', { job, round: round ?? 0 })}</Note>}
      {progress && <Progress of={progress} />}
      <Note>
        <Since atMs={sinceMs} />
      </Note>
    </>
  );
}

function Progress({ of }: { of: NonNullable<Status['doing']['progress']> }) {
  const { phase, done, total, epoch, epochs, loss } = of;
  const parts = [
    say(`phase-${phase}`),
    ...(epoch === undefined ? [] : [say('epochs', { epoch, epochs: epochs ?? '' })]),
    say('done', { done, total }),
    ...(loss === undefined ? [] : [`${say('loss')} ${loss.toFixed(4)}`]),
  ];
  return (
    <span class="rounds">
      <progress value={done} max={Math.max(1, total)} aria-label={say(`phase-${phase}`)} />
      <span class="note">{parts.join(words.value.list)}</span>
    </span>
  );
}

function Room({ freeBytes, totalBytes }: Status['disk']) {
  const isLittle = freeBytes < LITTLE_ROOM * totalBytes;
  const [free, total] = [byteSizeText(freeBytes), byteSizeText(totalBytes)];
  return <span class={isLittle ? 'past' : undefined}>{say('diskFree', { free, total })}</span>;
}

function Certificate({ endsAtMs }: { endsAtMs: number }) {
  const days = Math.floor((endsAtMs - present.value) / DAY_MS);
  return (
    <span class={days < FEW_DAYS ? 'past' : undefined}>
      {say('daysLeft', { day: dayText(endsAtMs), n: days })}
    </span>
  );
}

function Since({ atMs }: { atMs: number }) {
  const [before = '', after = ''] = say('since', { at: '\n' }).split('\n');
  return (
    <>
      {before}
      <ClockTime atMs={atMs} />
      {after}
    </>
  );
}

function Note({ children }: { children: ComponentChildren }) {
  return <span class="note line">{children}</span>;
}

/** One line through all rounds; where the last one began is pointed out. */
function Losses({ losses }: { losses: readonly EpochLoss[] }) {
  const { terms } = words.value;
  const [first] = losses;
  const round = losses.at(-1)?.round ?? 0;
  const begun = losses.findIndex((each) => each.round === round);
  const title = say('lossTitle', { job: first?.job ?? '' });
  const draw = useMemo(
    () => () =>
      lineChart({
        title,
        description: say('lossNote'),
        xLabel: 'epoch',
        xs: losses.map((_, index) => index + 1),
        lines: [{ name: say('loss'), values: losses.map(({ loss }) => loss) }],
        mark: { x: begun + 1, label: `${terms.round} ${round}` },
        spreadWords: { median: terms.median, quartiles: terms.quartiles, range: terms.range },
      }),
    [losses.length, first?.job, language.value],
  );
  return (
    <section>
      <h2>{title}</h2>
      <Chart draw={draw} />
      <p class="note">{say('lossNote')}</p>
    </section>
  );
}
