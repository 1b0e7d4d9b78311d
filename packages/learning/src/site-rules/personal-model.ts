import { join } from 'node:path';
import { canonicalJson } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import { figuresOf } from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import { readModel } from '../bundle/model-file.js';
import { saveModel } from '../bundle/saved-model.js';
import type { Evaluation } from '../evaluation/evaluate-cases.js';
import { PERSONAL_FIGURES, PERSONAL_MODEL } from './personal-files.js';
import { keptOf, type RoundAtSite } from './site-rule.js';

/** As the latest round before this one left it; null where none did. */
export async function personalModel(round: RoundAtSite): Promise<Weights | null> {
  const { before } = keptOf(round);
  return before === null ? null : readModel(join(before, PERSONAL_MODEL));
}

/** @param evaluation null where it was not measured */
export async function keepPersonalModel(
  round: RoundAtSite,
  model: Weights,
  evaluation: Evaluation | null,
): Promise<void> {
  const { after } = keptOf(round);
  await saveModel(join(after, PERSONAL_MODEL), round.job, model);
  if (evaluation === null) return;
  const { validationCases } = evaluation;
  const text = canonicalJson({ ...figuresOf(evaluation), validationCases });
  await writeFileDurably(join(after, PERSONAL_FIGURES), `${text}\n`, { mode: 0o600 });
}
