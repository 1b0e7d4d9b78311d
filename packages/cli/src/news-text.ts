import type { JobDetails } from '@fedvox/coordinator';
import type { JobNews } from '@fedvox/coordinator/client';
import { duration } from './duration.js';
import { firstFigure, namedFigures } from './figures-text.js';
import { moment } from './moment.js';

/** One thing that happened to a job, as its operator reads it; null for what nobody waits for. */
export function newsText(news: JobNews): string | null {
  const text = sentenceOf(news);
  return text === null ? null : `${moment(news.atMs)}  ${text}`;
}

function sentenceOf(news: JobNews): string | null {
  switch (news.kind) {
    case 'job-submitted':
      return `submitted to ${news.sites.join(', ')}${byWhom(news)}`;
    case 'gate-reported': {
      const withheld = news.figures === 'withheld' ? ', figures will be withheld' : '';
      return `data gate: ${news.site} ${news.outcome}${withheld}`;
    }
    case 'site-lacks':
      return `data gate: ${news.site} is not asked, its agent lacks ${news.lacks.join(', ')}`;
    case 'gate-extended':
      return `data gate waits for sites that are at work, until ${moment(news.deadlineAtMs)}`;
    case 'figures-withheld':
      return 'every site will withhold its figures: no best model can be chosen';
    case 'gate-asked-again':
      return `data gate: ${news.site} has restarted and is asked again`;
    case 'site-invited':
      return `${news.site} is invited${byWhom(news)}`;
    case 'site-declined':
      return `${roundName(news)}: ${news.site} declined: ${news.reason}`;
    case 'site-not-awaited':
      return `${news.site} was silent for rounds: none waits for it until it speaks`;
    case 'site-returned':
      return `${news.site} is heard of again`;
    case 'gate-closed':
      return `data gate closed: ${news.passed.join(', ') || 'no site'} passed`;
    case 'round-opened':
      return `${roundName(news)} opened${news.sites === undefined ? '' : ` to ${news.sites.join(', ') || 'nobody yet'}`}, until ${moment(news.deadlineAtMs)} at the latest`;
    case 'site-called':
      return `${roundName(news)}: ${news.site} is called as well`;
    case 'update-accepted':
      return `${roundName(news)}: ${news.site} answered${news.staleness === undefined ? '' : ` for round ${news.round - news.staleness}`}`;
    case 'update-refused':
      return `${roundName(news)}: an update of ${news.site} was refused: ${news.reason}`;
    case 'site-given-up':
      return `${roundName(news)}: ${news.site} given up, its updates were refused too often`;
    case 'update-quarantined': {
      const by = news.by === undefined ? '' : ` by ${news.by}`;
      return `${roundName(news)}: ${news.site} is left out of the average${by}: ${news.reason}`;
    }
    case 'update-released':
      return `${roundName(news)}: ${news.site} is averaged, as ${news.by} decided`;
    case 'update-flagged':
      return `${roundName(news)}: look at ${news.site}: ${news.flags.join(', ')}`;
    case 'round-held':
      return `${roundName(news)} waits for you: ${news.quarantined} quarantined; "fedvox job show", then "release" or "resume"`;
    case 'round-closing':
    case 'round-screening':
    case 'round-aggregating':
      return null;
    case 'round-committed':
      return [committedText(news), figuresText(news), forecastText(news)]
        .filter((part) => part !== null)
        .join('; ');
    case 'no-more-gain':
      return `no gain since round ${news.lastGain}'s model: ${roundName(news)} was the last one`;
    case 'site-revoked':
      return `${news.site} was revoked${byWhom(news)} and takes no further part`;
    case 'job-failed':
      return `failed: ${news.reason}`;
    case 'job-paused':
    case 'job-resumed':
    case 'job-aborted':
    case 'job-deleted':
      return `${news.kind.replace('job-', '')}${byWhom(news)}`;
    case 'job-completed':
      return 'completed';
    default:
      return (news as { kind: string }).kind.replaceAll('-', ' ');
  }
}

/** Facts of before operators had names do not say. */
function byWhom({ by }: { readonly by?: string }): string {
  return by === undefined ? '' : ` by ${by}`;
}

type Committed = Extract<JobNews, { kind: 'round-committed' }>;

function roundName({ round }: { readonly round: number }): string {
  return `round ${round}`;
}

function committedText({ round, totalRounds, work, durationMs }: Committed): string {
  const name = work === 'train' ? `round ${round} of ${totalRounds}` : 'last evaluation';
  return durationMs === null ? `${name} done` : `${name} done in ${duration(durationMs)}`;
}

/** What came in with this round describes the model before it. */
function figuresText({ figuresOf }: Committed): string | null {
  if (figuresOf === null) return null;
  const { round, sites } = figuresOf;
  const model = round === 0 ? 'the first model' : `round ${round}'s model`;
  const bySite = sites.map((cell) => `${cell.site} ${firstFigure(cell)}`).join(', ');
  return `${model}: ${namedFigures(figuresOf).join(', ')} (${bySite})`;
}

function forecastText({ endsAboutAtMs, atMs }: Committed): string | null {
  if (endsAboutAtMs === null) return null;
  return `ends about ${moment(endsAboutAtMs)}, in ${duration(endsAboutAtMs - atMs)}`;
}

/** What the sites are doing at this moment, on one line. */
export function activityText({ current, totalRounds, status }: JobDetails): string {
  if (current === null) return status;
  const sites = current.sites.map(
    ({ site, answer, state }) => `${site} ${answer === 'awaited' ? (state ?? 'away') : answer}`,
  );
  const what = current.kind === 'train' ? `round ${current.round}/${totalRounds}` : current.kind;
  return `${status === 'running' ? '' : `${status}, `}${what}: ${sites.join(', ')}`;
}
