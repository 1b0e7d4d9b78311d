import { clockText } from '@fedvox/desk/web';
import type { ApprovalCard, ApprovalsPage } from '../../src/console-contract.js';
import { countText } from '../amounts.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { useWatched } from '../live/watched.js';
import { AnswerButton } from '../parts/answer-button.js';
import { FailureNote } from '../parts/failure-note.js';
import { ApprovalTerms } from './approval-terms.js';
import { DryRun } from './dry-run.js';

/** Jobs that may not begin here before a person of the site has said so; nothing where nobody is asked. */
export function ApprovalsSection() {
  const { value, failure } = useWatched<ApprovalsPage>('/api/approvals');
  if (value === undefined) return <FailureNote failure={failure} />;
  const { isAsked, cards } = value;
  if (!isAsked && cards.length === 0) return null;
  const waiting = cards.filter(({ answer }) => answer === null);
  const answered = cards.filter(({ answer }) => answer !== null);
  return (
    <section>
      <h2>{say('approvals')}</h2>
      <p class="note">{say(isAsked ? 'approvalsNote' : 'notAsked')}</p>
      {waiting.length === 0 && <p>{say('none')}</p>}
      {waiting.map((card) => (
        <Card key={card.job} card={card} />
      ))}
      {answered.length > 0 && (
        <details>
          <summary>{say('answered', { n: countText(answered.length) })}</summary>
          {answered.map((card) => (
            <Card key={card.job} card={card} />
          ))}
        </details>
      )}
    </section>
  );
}

function Card({ card }: { card: ApprovalCard }) {
  const { job, answer } = card;
  return (
    <article aria-label={job}>
      <h3>{job}</h3>
      {answer && <Answered answer={answer} />}
      <ApprovalTerms card={card} />
      {answer === null && <DryRun card={card} />}
      <Answers card={card} />
    </article>
  );
}

function Answered({ answer }: { answer: NonNullable<ApprovalCard['answer']> }) {
  const { verdict, by, atMs, reason } = answer;
  const said = say('answeredBy', { verdict: say(`verdict-${verdict}`), by, at: clockText(atMs) });
  return (
    <p>
      {said}
      {reason && <span class="note line">{reason}</span>}
    </p>
  );
}

/** Of what was answered the other answer is left: a job can be stopped, or be let begin after all. */
function Answers({ card: { job, jobDigest, answer } }: { card: ApprovalCard }) {
  const path = `/api/approvals/${encodeURIComponent(job)}/answer`;
  return (
    <p class="buttons">
      {answer?.verdict !== 'approved' && (
        <AnswerButton
          look="first"
          label={say('approve')}
          about={job}
          consequence={say('approveHelp')}
          give={() => post(path, { verdict: 'approved', jobDigest, reason: null })}
        />
      )}
      {answer?.verdict !== 'refused' && (
        <AnswerButton
          label={say('refuse')}
          about={job}
          consequence={say('refuseHelp')}
          asksFor={{ label: say('reason') }}
          look="grave"
          give={(written) =>
            post(path, { verdict: 'refused', jobDigest, reason: written.trim() || null })
          }
        />
      )}
    </p>
  );
}
