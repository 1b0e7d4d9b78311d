import { assert } from '@fedvox/base';
import {
  type Figures,
  type FirewallRules,
  METRIC_NAMES,
  type QuarantineReason,
  type UpdateFlag,
} from '@fedvox/job';

/** What an earlier round of the job measured of an update that it averaged. */
export interface EarlierNorm {
  readonly round: number;
  readonly norm: number;
}

export interface ScreeningInput {
  readonly rules: FirewallRules;
  /** Of updates that each by itself could be averaged, one per site. */
  readonly updates: readonly { readonly site: string; readonly figures: Figures }[];
  /** Of these updates, in their order: see `innerProducts`. */
  readonly products: readonly ArrayLike<number>[];
  /** Of the job's rounds before this one, in any order. */
  readonly earlier: readonly EarlierNorm[];
}

/** What the firewall finds of one update. */
export interface Screened {
  readonly site: string;
  /** 2-norm of the delta over all tensors. */
  readonly norm: number;
  /** Of its direction with others': most of them agree with it at most so well. Null where there is none. */
  readonly cosine: number | null;
  /** Why it is to be left out of the average; null where it is not. */
  readonly reason: QuarantineReason | null;
  readonly flags: readonly UpdateFlag[];
}

/** Of fewer, a norm or a direction that differs says nothing of which one is wrong. */
const FEWEST_TO_COMPARE = 3;
/**
 * The cosine from which updates share a direction that another can be held to, by its median over three or more that
 * agree. Where a model has converged, cosines of honest updates are chance: up to 0.1 either way as a rule.
 */
const FIRM_AGREEMENT = 0.2;
/** Of two that agree there is one cosine, which chance takes beyond 0.2 once in some sixty rounds. */
const FIRM_AGREEMENT_OF_TWO = 0.35;
/** Of less, one is left out that points the other way by this part of it: a turned sign does by all of it. */
const OPPOSITE = 0.5;
/** Rounds before a round that its norms are compared with. */
export const MAX_EARLIER_ROUNDS = 5;
/** A figure that is perfect, as sites round them, … */
const PERFECT = 0.9999;
/** … is remarkable where the others' median is below this. */
const FAR_FROM_PERFECT = 0.9;

/**
 * Which of a round's updates the firewall keeps out of its average, by comparing them with each other and
 * with the rounds before. A pure function of the set of updates and of what earlier rounds wrote down.
 *
 * **Norm.** Larger than `maxNormRatio` times the median of the round (of three updates or more), or times
 * the median of the last rounds' medians. In a round of two only the rounds before can tell which is wrong.
 *
 * **Direction.** Of those whose norm passes: an update's cosines with the others are put in order, and the
 * upper median is taken, which at least half of the others reach. An honest update has it with an honest
 * one as long as those are a majority, of three too; where it is below `minCosine`, most others point
 * elsewhere. Updates that are so are quarantined only where they are fewer than those that are not, and these
 * agree firmly, by their median; where but two agree, and not much, only what points as far the other way as a turned
 * sign does. Otherwise, and of two, nobody can tell who is right, and they are flagged. As a model converges, each site's updates are led by its own cases and
 * by chance, and honest ones agree less and less.
 *
 * It sees what a delta is like, not what it is for: poison that is as large as the others' updates and
 * points their way, as a few flipped labels make it, passes.
 */
export function screen({ rules, updates, products, earlier }: ScreeningInput): Screened[] {
  const norms = updates.map((_, at) => Math.sqrt(productOf(products, at, at)));
  const usual = usualNorms(norms, earlier);
  const tooLarge = norms.map((norm) => usual.some((size) => norm > rules.maxNormRatio * size));
  const compared = [...norms.keys()].filter((at) => norms[at] !== 0 && !tooLarge[at]);
  const cosines = norms.map((_, at) => upperMedian(cosinesOf(at, compared, norms, products)));
  const opposed = compared.filter((at) => (cosines[at] ?? 1) < rules.minCosine);
  const agreeing = compared.flatMap((at) => (opposed.includes(at) ? [] : (cosines[at] ?? [])));
  const canTell = compared.length >= FEWEST_TO_COMPARE && opposed.length < agreeing.length;
  const agreement = canTell ? median(agreeing) : 0;
  const isFirm = agreeing.length > 2 || agreement >= FIRM_AGREEMENT_OF_TWO;
  const isOut = (at: number) =>
    opposed.includes(at) &&
    agreement >= FIRM_AGREEMENT &&
    (isFirm || (cosines[at] ?? 0) <= -OPPOSITE * agreement);
  return updates.map(({ site }, at): Screened => {
    const norm = norms[at] as number;
    const flags: UpdateFlag[] = [
      ...(norm === 0 ? (['zero-delta'] as const) : []),
      ...(norm > 0 && usual.some((size) => norm * rules.maxNormRatio < size)
        ? (['norm-too-small'] as const)
        : []),
      ...(opposed.includes(at) && !isOut(at) ? (['sites-disagree'] as const) : []),
      ...(hasFigureTooGood(at, updates) ? (['figures-too-good'] as const) : []),
    ];
    return { site, norm, cosine: cosines[at] ?? null, reason: reasonOf(at), flags };
  });

  function reasonOf(at: number): QuarantineReason | null {
    if (tooLarge[at]) return 'norm-too-large';
    return isOut(at) ? 'direction-opposed' : null;
  }
}

/** What norms are measured by: the round's own median, and that of the rounds before. */
function usualNorms(norms: readonly number[], earlier: readonly EarlierNorm[]): number[] {
  const own = norms.filter((norm) => norm > 0);
  return [
    ...(own.length >= FEWEST_TO_COMPARE ? [median(own)] : []),
    ...(earlier.length > 0 ? [median(mediansByRound(earlier))] : []),
  ].filter((size) => size > 0);
}

function mediansByRound(earlier: readonly EarlierNorm[]): number[] {
  const rounds = [...new Set(earlier.map(({ round }) => round))].sort((a, b) => b - a);
  return rounds.slice(0, MAX_EARLIER_ROUNDS).map((round) => {
    return median(earlier.flatMap((each) => (each.round === round ? [each.norm] : [])));
  });
}

function cosinesOf(
  at: number,
  compared: readonly number[],
  norms: readonly number[],
  products: ScreeningInput['products'],
): number[] {
  if (norms[at] === 0) return [];
  return compared
    .filter((other) => other !== at)
    .map(
      (other) =>
        productOf(products, at, other) / ((norms[at] as number) * (norms[other] as number)),
    );
}

function hasFigureTooGood(at: number, updates: ScreeningInput['updates']): boolean {
  return METRIC_NAMES.some((metric) => {
    const own = updates[at]?.figures[metric] ?? null;
    if (own === null || own < PERFECT) return false;
    const others = updates.flatMap(({ figures }, other) =>
      other === at || figures[metric] === null ? [] : [figures[metric]],
    );
    return others.length > 0 && median(others) < FAR_FROM_PERFECT;
  });
}

function productOf(products: ScreeningInput['products'], a: number, b: number): number {
  const product = products[a]?.[b];
  assert(product !== undefined, 'there is a product of any two updates');
  return product;
}

function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const middle = ascending.length >>> 1;
  const upper = ascending[middle] as number;
  return ascending.length % 2 === 1 ? upper : (upper + (ascending[middle - 1] as number)) / 2;
}

function upperMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >>> 1];
}
