import { clockText } from '@fedvox/desk/web';
import type { EgressPage, SignedStatement } from '../../src/console-contract.js';
import { byteSizeText, countText, figureOrNone } from '../amounts.js';
import { say } from '../language.js';

const TITLES: Readonly<Record<string, string>> = { dice: 'Dice', auc: 'AUC' };

/** What this site signed: in words, and as the bytes that were signed. */
export function StatementsSection({ statements, statementCount }: EgressPage) {
  const of = { n: countText(statements.length), of: countText(statementCount) };
  return (
    <section>
      <h2>{say('statements')}</h2>
      <p class="note">{say('statementsNote')}</p>
      {statements.length === 0 && <p>{say('noStatements')}</p>}
      {statements.length < statementCount && <p class="note">{say('statementsOf', of)}</p>}
      {statements.map((each) => (
        <Statement key={each.digest} signed={each} />
      ))}
    </section>
  );
}

function Statement({ signed }: { signed: SignedStatement }) {
  const { digest, statement, acceptedAtMs } = signed;
  const { job, round, counter } = statement;
  const state =
    acceptedAtMs === null
      ? say('waitsForReceipt')
      : say('accepted', { at: clockText(acceptedAtMs) });
  return (
    <details>
      <summary>
        {say('atJob', { job, round })} <span class="note">{state}</span>
      </summary>
      <p>{say('statementSays', { counter, round, job })}</p>
      <ul>
        {sentencesOf(signed).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <p>
        <a href={`/api/left/statements/${digest}`} download>
          {say('saveBytes')}
        </a>{' '}
        <code class="digest" title={digest}>
          {digest}
        </code>
      </p>
    </details>
  );
}

function sentencesOf({ statement }: SignedStatement): string[] {
  const { figures, weight, delta } = statement;
  const told = Object.entries(figures).map(([name, value]) => {
    const metric = TITLES[name] ?? name;
    if (value === null) return say('statementWithheld', { metric });
    return say('statementFigure', { metric, value: figureOrNone(value) });
  });
  const bytes = delta && { bytes: byteSizeText(delta.byteLength), digest: delta.sha256 };
  const steps = 'localSteps' in statement ? statement.localSteps : null;
  return [
    ...told,
    say('statementWeight', { value: weight.value, source: say(`weight-${weight.source}`) }),
    bytes === null ? say('statementNoDelta') : say('statementDelta', bytes),
    ...(steps === null ? [] : [say('statementSteps', { n: steps })]),
  ];
}
