import { type Random, seededRandom } from '@fedvox/base';
import { type Job, type PerMetric, validationPart } from '@fedvox/job';
import type { SeededSurrogate } from '../scenario/surrogate-schema.js';
import { type Bowl, bowlOf, lossOf } from './bowl.js';

/** A hospital without scans. */
export interface SurrogateSite {
  readonly name: string;
  readonly bowl: Bowl;
  readonly trainCases: number;
  /** How hard each validation case is for each foreground class, around 1. */
  readonly difficulties: readonly Float32Array[];
}

/** A model that knows nothing has a Dice near 0, one at its optimum of 1: e to the minus this times the loss. */
const STEEPNESS = 4;
/** Deviation of the logarithm of a case's difficulty. */
const CASE_SPREAD = 0.3;

/** The same for every job with as many validation cases and classes. */
export function surrogateSite(
  surrogate: SeededSurrogate,
  name: string,
  { classes, evaluation }: Pick<Job, 'classes' | 'evaluation'>,
): SurrogateSite {
  const all = seededRandom(`${surrogate.seed}/surrogate`);
  const own = all.fork(`site ${name}`);
  const [fewest, most] = surrogate.cases;
  const cases = fewest + own.below(most - fewest + 1);
  const { from, to } = validationPart(evaluation);
  const validating = Math.min(cases - 1, Math.max(1, Math.round(cases * (to - from))));
  const trainCases = cases - validating;
  const random = own.fork('cases');
  return {
    name,
    trainCases,
    bowl: bowlOf(surrogate, trainCases, { common: all.fork('common'), own: own.fork('bowl') }),
    difficulties: Array.from({ length: validating }, () => difficulty(classes.length - 1, random)),
  };
}

function difficulty(classes: number, random: Random): Float32Array {
  return new Float32Array(classes).map(() => Math.exp(CASE_SPREAD * random.normal()));
}

/** Dice of each validation case for each foreground class: the higher, the smaller the site's loss. */
export function diceByCase({ bowl, difficulties }: SurrogateSite, values: Float32Array) {
  const loss = lossOf(bowl, values);
  return difficulties.map((ofClasses) =>
    Array.from(ofClasses, (difficulty) => Math.exp(-STEEPNESS * difficulty * loss)),
  );
}

/** Of a model at the site: half of what is right by chance is its AUC's, none its Dice's. */
export function surrogateFigures(site: SurrogateSite, values: Float32Array): PerMetric<number> {
  const every = diceByCase(site, values).flat();
  const dice = every.reduce((sum, one) => sum + one, 0) / every.length;
  return { dice, auc: (1 + Math.exp(-STEEPNESS * lossOf(site.bowl, values))) / 2 };
}
