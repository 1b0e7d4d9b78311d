import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { type CaseRef, type DatasetSpec, loadCase, openDataset, voxelMl } from '@fedvox/imaging';
import { fail } from '../errors.js';
import type { CohortSpec } from '../scenario/cohort-schema.js';
import { type DividedCase, divideCohort } from './division.js';

const MANIFEST = 'dataset.json';

export interface CohortPlace {
  /** New or empty: a Decathlon folder of links into the cohort's, with who has which case. */
  readonly folder: string;
  readonly classes: readonly string[];
  readonly sites: readonly string[];
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * Gives the cases of a cohort out to sites.
 * @param cohort its path is absolute
 * @returns how each site reads its own
 * @throws FedvoxError `imaging/…` where the folder is no data set, `simulator/cohort-too-small`
 */
export async function writeCohort(
  cohort: CohortSpec,
  { folder, classes, sites, seed, signal }: CohortPlace,
): Promise<ReadonlyMap<string, DatasetSpec>> {
  const { cases } = await openDataset({ kind: 'msd', path: cohort.path }, classes);
  const labelled = cases.filter(({ hasLabel }) => hasLabel);
  if (labelled.length === 0) throw fail('cohort-empty', { path: cohort.path });
  const measured: DividedCase[] = [];
  for (const ref of labelled) {
    signal.throwIfAborted();
    // Only where the rule asks for it: a whole data set is read for this.
    const load = cohort.split.kind === 'dirichlet' ? await loadOf(ref, classes) : 0;
    measured.push({ caseId: ref.caseId, patient: ref.patientKey ?? ref.caseId, load });
  }
  const siteOf = divideCohort(measured, sites, cohort, seededRandom(`${seed}/cohort`));
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(cohort.path)) {
    if (name !== MANIFEST) await symlink(join(cohort.path, name), join(folder, name));
  }
  const manifest = JSON.parse(await readFile(join(cohort.path, MANIFEST), 'utf8'));
  const divided = { ...manifest, sites: Object.fromEntries(siteOf) };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(divided, null, 2)}\n`);
  return new Map(sites.map((site) => [site, { kind: 'msd', path: folder, site }]));
}

/** The volume of its foreground, in ml. */
async function loadOf(ref: CaseRef, classes: readonly string[]): Promise<number> {
  const { label } = await loadCase(ref, classes);
  if (label === undefined) return 0;
  const voxels = label.data.reduce((count, value) => (value === 0 ? count : count + 1), 0);
  return voxels * voxelMl(label);
}
