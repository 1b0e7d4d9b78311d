import { componentsOf, type LabelMap, type Neighbours } from '@fedvox/imaging';

/** What counts as one lesion, and when it is found. */
export interface LesionRule {
  /** By which voxels hang together. */
  readonly neighbours: Neighbours;
  /** Intersection over union, from which a predicted lesion hits one that is there. */
  readonly overlap: number;
}

/** PI-CAI's: 26 neighbours and an intersection over union of 0.1 (Saha et al., Lancet Oncology 25, 2024). */
export const LESION_RULE: LesionRule = { neighbours: 26, overlap: 0.1 };

/** The lesions of one class in one case. */
export interface MatchedLesions {
  /** Of each that is there, the highest score of what hits it; null where nothing does. */
  readonly found: readonly (number | null)[];
  /** The scores of what was predicted and hits none. */
  readonly falsePositives: readonly number[];
}

/**
 * Matches predicted lesions with those that are there: components of a class in two label maps of one grid. A
 * predicted one may hit several; several that hit the same one are no false positives, and the highest score
 * counts, as in LUNA16 (Setio et al., Medical Image Analysis 42, 2017).
 * @param scores of every voxel; a predicted lesion has that of its highest
 */
export function matchLesions(
  prediction: LabelMap,
  reference: LabelMap,
  label: number,
  scores: Float32Array,
  { neighbours, overlap }: LesionRule,
): MatchedLesions {
  const isIn = (value: number) => value === label;
  const lesions = componentsOf(reference, isIn, neighbours);
  const candidates = componentsOf(prediction, isIn, neighbours);
  const lesionAt = new Int32Array(reference.data.length).fill(-1);
  lesions.forEachRun((from, to, lesion) => void lesionAt.fill(lesion, from, to));
  const scoreOf = new Array<number>(candidates.sizes.length).fill(0);
  /** Of each candidate, the voxels that it has of each lesion. */
  const shared = candidates.sizes.map(() => new Map<number, number>());
  candidates.forEachRun((from, to, candidate) => {
    const own = shared[candidate] as Map<number, number>;
    for (let at = from; at < to; at++) {
      scoreOf[candidate] = Math.max(scoreOf[candidate] as number, scores[at] as number);
      const lesion = lesionAt[at] as number;
      if (lesion !== -1) own.set(lesion, (own.get(lesion) ?? 0) + 1);
    }
  });
  const found = new Array<number | null>(lesions.sizes.length).fill(null);
  const falsePositives: number[] = [];
  for (const [candidate, own] of shared.entries()) {
    const [size, score] = [candidates.sizes[candidate] as number, scoreOf[candidate] as number];
    const hit = [...own].filter(([lesion, both]) => {
      const union = size + (lesions.sizes[lesion] as number) - both;
      return both / union >= overlap;
    });
    if (hit.length === 0) falsePositives.push(score);
    for (const [lesion] of hit) found[lesion] = Math.max(found[lesion] ?? 0, score);
  }
  return { found, falsePositives };
}
