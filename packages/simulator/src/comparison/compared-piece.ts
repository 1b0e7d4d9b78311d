import { join } from 'node:path';
import type { BaselineName, CompareSpec, VariantSpec } from '../scenario/compare-schema.js';
import type { Plan } from '../scenario/plan.js';
import { endedRun } from './kept-runs.js';
import type { MeasuredRun } from './measured-run.js';
import { jobOfVariant } from './variants.js';

/** What is done once: the training of a variant or of a baseline, with one seed. */
export type ComparedPiece = { readonly name: string; readonly seed: number } & (
  | { readonly kind: 'federated'; readonly variant: VariantSpec }
  | { readonly kind: BaselineName }
);

/** The seeds outermost, so that a comparison that is cut off has something of each. */
export function piecesOf({ seeds, variants, baselines }: CompareSpec): readonly ComparedPiece[] {
  return seeds.flatMap((seed) => [
    ...variants.map((variant) => ({
      ...{ name: variant.name, seed },
      ...{ kind: 'federated' as const, variant },
    })),
    ...baselines.map((kind) => ({ name: kind, seed, kind })),
  ]);
}

/**
 * What a piece ended in that was done before; null where it has yet to be.
 * @throws FedvoxError `simulator/variant-unusable`, `simulator/result-of-another`
 */
export function endedPiece(
  plan: Plan,
  piece: ComparedPiece,
  folder: string,
): Promise<MeasuredRun | null> {
  return endedRun(folderOf(folder, piece), () => whatDecides(planOf(plan, piece)));
}

/** What a piece runs: the comparison's plan, with its own job, seed and events. */
export function planOf(plan: Plan, piece: ComparedPiece): Plan {
  const { seed } = piece;
  if (piece.kind !== 'federated') return { ...plan, job: { ...plan.job, seed } };
  const { variant } = piece;
  const events = variant.events ? plan.events : [];
  return { ...plan, job: jobOfVariant(plan.job, variant, seed), events };
}

/** Below the folder of the comparison. */
export const folderOf = (folder: string, { name, seed }: ComparedPiece) =>
  join(folder, 'runs', name, `seed-${seed}`);

/** Of a plan, what its result follows from. */
export function whatDecides({
  job,
  sites,
  cohort,
  surrogate,
  mode,
  engine,
  precision,
  events,
}: Plan) {
  return { job, sites, cohort, surrogate, mode, engine, precision, events };
}
