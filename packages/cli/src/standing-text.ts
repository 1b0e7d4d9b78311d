import type { JobDetails } from '@fedvox/coordinator';
import { NOT_YET } from './figure.js';
import { moment } from './moment.js';
import { table } from './table.js';

type Member = JobDetails['gate'][number];
type Called = NonNullable<JobDetails['current']>['sites'][number];

/** Every invited site: what it answered the gate, what it says of its figures, how it stands. */
export function standingsTable(gate: JobDetails['gate']): string {
  const rows = gate.map((member) => [
    member.site,
    outcomeText(member),
    member.figures ?? NOT_YET,
    standing(member),
  ]);
  return table(['site', 'data gate', 'figures', 'standing'], rows);
}

function outcomeText({ outcome, lacks }: Member): string {
  return lacks === undefined ? (outcome ?? NOT_YET) : `lacks ${lacks.join(', ')}`;
}

function standing({ standing, askAgainAtMs }: Member): string {
  switch (standing) {
    case 'asked':
      return 'asked';
    case 'asked-again':
      return `asked again from ${moment(askAgainAtMs)} on`;
    case 'joins-next-round':
      return 'joins the next round';
    case 'takes-part':
      return 'takes part';
    case 'idle':
      return 'idle, trains in other rounds or in none';
    case 'not-awaited':
      return 'silent, not waited for';
    case 'left-out':
      return 'left out, asked again when its agent restarts';
    case 'revoked':
      return 'revoked';
  }
}

/** What a site answered the round, or that it is awaited. */
export function answerText({ answer, reason }: Called): string {
  if (answer === 'declined') return `declined: ${reason}`;
  return answer === 'not-awaited' ? 'not waited for' : answer.replace('-', ' ');
}

/** A sentence where nobody can measure the job's models; undefined where somebody can. */
export function withheldText(gate: JobDetails['gate']): string | undefined {
  const present = gate.filter(({ outcome }) => outcome === 'pass');
  if (present.length === 0 || present.some(({ figures }) => figures !== 'withheld')) {
    return undefined;
  }
  return (
    'Every site that passed withholds its figures: no best model can be chosen. ' +
    'policy.minCasesForMetrics of these sites is above their validation cases.'
  );
}
