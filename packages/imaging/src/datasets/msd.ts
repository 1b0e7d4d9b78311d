import { join } from 'node:path';
import { boundedMap } from '../bounded-map.js';
import { fail } from '../errors.js';
import { type Refusal, refusalOf } from '../refusal.js';
import {
  type ClassOfValue,
  checkClassesCovered,
  classesOf,
  type NamedLabel,
  ownClasses,
  unmatched,
} from '../segmentation/class-names.js';
import { readVolumeFileHeader } from '../volume-files/volume-file.js';
import type { Dataset, FileSource } from './case-ref.js';
import { correctedFile, correctionFiles } from './corrected-labels.js';
import type { LabelNeed } from './dicom-folder.js';
import { fileImage } from './file-image.js';
import { checkSameGrid } from './label-grid.js';
import {
  caseIdOf,
  eachOnce,
  type NamedCase,
  ownNames,
  patientKeyOf,
  withSites,
} from './listed-cases.js';
import { inside, MANIFEST_NAME, type Manifest, readManifest } from './msd-manifest.js';
import type { ResolvedDatasetSpec } from './spec.js';

type MsdSpec = Extract<ResolvedDatasetSpec, { kind: 'msd' }>;

type Entry = Manifest['training'][number] & { readonly site: string | undefined };

const MAX_OPEN_FILES = 8;

export interface MsdDataset extends Dataset {
  readonly classes: readonly string[];
  /** Paths of all files that the manifest lists, whatever became of them. */
  readonly listed: readonly string[];
}

/**
 * The training cases of a Decathlon folder.
 * @param jobClasses the job's classes, background first; absent: every label is a class of its own
 * @throws FedvoxError `folder-unreadable`, `not-msd`, `no-such-site`
 */
export async function openMsd(
  spec: MsdSpec,
  jobClasses: readonly string[] | undefined,
  need: LabelNeed,
): Promise<MsdDataset> {
  const path = join(spec.path, MANIFEST_NAME);
  const manifest = await readManifest(spec.path);
  const entries = entriesOfSite(path, manifest, spec.site);
  const declared = Object.entries(manifest.labels);
  // 0 is what no label is drawn with, whatever it is called.
  const labels = declared
    .map(([value, name]) => ({ value: Number(value), name }))
    .filter(({ value }) => value !== 0);
  const classes = jobClasses ?? ownClasses(labels, spec.labels);
  const named = ownNames(entries);
  const corrections = await correctionFiles(spec.corrections);
  const results = await boundedMap(named.kept, MAX_OPEN_FILES, async (entry) => {
    try {
      return await caseOf(spec, { manifest, labels, classes, corrections }, need, entry);
    } catch (error) {
      return { alsoRefused: [refusalOf(entry.image, error)] };
    }
  });
  const distinct = await eachOnce(results.flatMap((result) => ('ref' in result ? [result] : [])));
  return {
    cases: distinct.kept.toSorted((a, b) => (a.caseId < b.caseId ? -1 : 1)),
    classes,
    listed: manifest.training
      .flatMap(({ image, label }) => (label === undefined ? [image] : [image, label]))
      .map((file) => join(spec.path, file)),
    refused: [
      ...(need === 'of-cases' ? [] : unmatched(path, spec.labels, labels)),
      ...named.refused,
      ...results.flatMap(({ alsoRefused }) => alsoRefused),
      ...distinct.refused,
    ],
  };
}

interface FoundCase extends NamedCase {
  /** What it is used in spite of. */
  readonly alsoRefused: readonly Refusal[];
}

/** What is known of the folder as a whole. */
interface MsdFolder {
  readonly manifest: Manifest;
  readonly labels: readonly NamedLabel[];
  readonly classes: readonly string[];
  /** Files of the site's folder of corrections. */
  readonly corrections: readonly string[];
}

async function caseOf(
  spec: MsdSpec,
  { manifest, labels, classes, corrections }: MsdFolder,
  need: LabelNeed,
  entry: Entry,
): Promise<FoundCase> {
  const imagePath = inside(spec.path, entry.image);
  const { source, grid, conflict, storedGrid } = await fileImage(imagePath, spec);
  const alsoRefused = conflict === undefined ? [] : [refusalOf(entry.image, conflict)];
  const modalities = Object.values(manifest.modality);
  const what = entry.image;
  const patientKey = patientKeyOf(entry);
  const common = {
    caseId: caseIdOf(entry),
    ...(patientKey === undefined ? {} : { patientKey }),
    ...(entry.site === undefined ? {} : { site: entry.site }),
    modality: modalities.length === 1 ? modalityCode(modalities[0] as string) : undefined,
    grid,
  };
  if (entry.label === undefined || need === 'of-cases') {
    if (need === 'required') throw fail('label-missing', { what: entry.image });
    return { what, ref: { ...common, hasLabel: false, source }, alsoRefused };
  }
  const corrected = await correctedFile(spec.corrections, corrections, common.caseId, imagePath);
  if (corrected !== undefined) {
    const notice = fail('label-corrected', { what: entry.image, path: corrected });
    alsoRefused.push(refusalOf(entry.image, notice));
  }
  const path = corrected ?? inside(spec.path, entry.label);
  const label = await readVolumeFileHeader(path, 'keep');
  checkSameGrid(path, storedGrid, label.grid);
  const classOf: ClassOfValue = classesOf(labels, spec.labels, classes);
  const sources = [{ path, classOf, labels }];
  checkClassesCovered(entry.image, sources, spec.labels, classes, spec.missingLabels);
  const dataPaths = [
    ...(source.dataPaths ?? []),
    ...(label.dataPath === undefined ? [] : [label.dataPath]),
  ];
  const labelled: FileSource = {
    ...source,
    label: { path, classOf },
    ...(dataPaths.length === 0 ? {} : { dataPaths }),
  };
  return { what, ref: { ...common, hasLabel: true, source: labelled }, alsoRefused };
}

function entriesOfSite(path: string, manifest: Manifest, site: string | undefined): Entry[] {
  const sites = manifest.sites ?? {};
  const all = withSites(manifest.training, sites, (key, images) => {
    if (site === undefined) return undefined;
    const reason = `sites: ${key} names ${images} images; write their paths`;
    throw fail('not-msd', { path, reason });
  });
  if (site === undefined) return all;
  const entries = all.filter((entry) => entry.site === site);
  if (entries.length > 0) return entries;
  const known = [...new Set(Object.values(sites))].join(', ') || 'none';
  throw fail('no-such-site', { path, site, sites: known });
}

/** `MRI`, `CT` and `PET` as the Decathlon and others write them, in DICOM's codes. */
function modalityCode(name: string): string {
  if (/^(MR|T1|T2|FLAIR)/i.test(name)) return 'MR';
  if (/^PE?T/i.test(name)) return 'PT';
  return name.toUpperCase();
}
