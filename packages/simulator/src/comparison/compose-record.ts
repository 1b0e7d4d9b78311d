import type { ComparedVariant, ComparisonRecord } from '@fedvox/report';
import type { CompareSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import { diceOf, differenceOf, estimateOf, meanOf } from './estimates.js';
import type { MeasuredRun } from './measured-run.js';
import { type ComparedRuns, epochsPerRound } from './run-comparison.js';

/** What the scenario's file says of itself, and what it ran on. */
export interface Described {
  readonly name: string;
  readonly description: string;
  readonly path: string;
  readonly engine: string;
}

/** What came of all runs, with how sure it is. */
export function recordOf(
  compared: readonly ComparedRuns[],
  { job, mode, sites }: Plan,
  { seeds }: CompareSpec,
  { name, description, path, engine }: Described,
): ComparisonRecord {
  const reference = compared[0] as ComparedRuns;
  return {
    ...{ scenario: name, description, mode, engine, seeds },
    rounds: job.federation.rounds,
    epochsPerRound: epochsPerRound(job),
    validationCases: reference.runs[0]?.cases.length ?? 0,
    variants: compared.map((each) =>
      variantOf(each, reference, {
        sites: sites.map(({ name }) => name),
        classes: job.classes.slice(1),
      }),
    ),
    command: `fedvox simulate ${path} --mode ${mode}`,
  };
}

function variantOf(
  { name, kind, runs }: ComparedRuns,
  reference: ComparedRuns,
  { sites, classes }: { readonly sites: readonly string[]; readonly classes: readonly string[] },
): ComparedVariant {
  const cases = runs.map((run) => run.cases);
  const ofSite = (site: string) => cases.map((some) => some.filter((one) => one.site === site));
  const difference =
    name === reference.name
      ? null
      : differenceOf(
          cases,
          reference.runs.map((run) => run.cases),
        );
  return {
    name,
    kind,
    dice: estimateOf(cases, (some) => diceOf(some)),
    auc: meanOrNull(runs.map(({ auc }) => auc)),
    ...(difference === null ? {} : { difference }),
    bySite: sites.map((site) => ({
      site,
      dice: estimateOf(ofSite(site), (some) => diceOf(some)),
      auc: meanOrNull(runs.map((run) => aucAt(run, site))),
    })),
    byClass: classes.map((className, k) => ({
      name: className,
      dice: estimateOf(cases, (some) => diceOf(some, k)),
    })),
    curve: curveOf(runs),
    bytes: meanOrNull(runs.map(({ bytes }) => bytes)),
    durationMs: meanOrNull(runs.map(({ durationMs }) => durationMs)),
    ...(runs[0]?.attendance && { attendance: runs[0].attendance }),
    runs: runs.map(({ seed, dice, auc, round, sha256 }) => ({ seed, dice, auc, round, sha256 })),
  };
}

const aucAt = ({ aucBySite }: MeasuredRun, name: string) =>
  aucBySite.find(({ site }) => site === name)?.auc ?? null;

/** Mean over seeds; a run that ended early has no more to say. */
function curveOf(runs: readonly MeasuredRun[]): (number | null)[] {
  const rounds = Math.max(...runs.map(({ curve }) => curve.length));
  return Array.from({ length: rounds }, (_, round) =>
    meanOrNull(runs.map(({ curve }) => curve[round] ?? null)),
  );
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const mean = meanOf(values.filter((value) => value !== null));
  return Number.isNaN(mean) ? null : mean;
}
