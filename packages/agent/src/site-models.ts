import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PERSONAL_FIGURES, PERSONAL_MODEL } from '@fedvox/learning/settings';
import { z } from 'zod';
import type { SiteConfig } from './config.js';
import { readJsonFile } from './state/json-file.js';
import { KeptRounds } from './state/kept-rounds.js';
import { stateFolder } from './state/state-folder.js';

const figure = z.number().nullable();
const figuresSchema = z.strictObject({
  dice: figure,
  auc: figure,
  validationCases: z.number().int().nonnegative(),
});

/** A model of this site's own, which a job's strategy left here and which never leaves. */
export interface SiteModel {
  readonly job: string;
  /** The latest that the site took part in. */
  readonly round: number;
  /** A model that carries its job. */
  readonly path: string;
  /** On the site's validation cases; null where they were not measured. */
  readonly figures: z.output<typeof figuresSchema> | null;
}

/**
 * The site's own models, one for each job that has one; also while the agent runs.
 * @throws FedvoxError `agent/state-unreadable`
 */
export async function siteModels({ stateDir }: Pick<SiteConfig, 'stateDir'>): Promise<SiteModel[]> {
  const kept = new KeptRounds(stateFolder(stateDir).kept);
  const models: SiteModel[] = [];
  for (const job of await kept.jobs()) {
    const latest = await kept.latest(job);
    if (latest === null) continue;
    const { round, folder } = latest;
    const path = join(folder, PERSONAL_MODEL);
    if (!existsSync(path)) continue;
    const figures = await readJsonFile(join(folder, PERSONAL_FIGURES), figuresSchema);
    models.push({ job, round, path, figures: figures ?? null });
  }
  return models;
}
