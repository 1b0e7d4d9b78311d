import { assert, FedvoxError, isFedvoxError, type Sha256, sha256 } from '@fedvox/base';
import {
  type CaseCache,
  type CaseRef,
  type Dataset,
  type DatasetSpec,
  openCache,
  type Reader,
  ReaderThread,
  type Refusal,
  type VoxelEngine,
} from '@fedvox/imaging';
import { isOfCases, type Job, jobDigest, validationPart } from '@fedvox/job';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { fail } from '../errors.js';
import type { EvaluationCase } from '../evaluation/evaluate-cases.js';
import type { LoadCase } from '../training/batches.js';
import { CaseStore, type TrainingCase } from '../training/case-store.js';
import { type PatientCase, splitByPatient } from '../training/patient-split.js';
import { type Split, splitCases, TRAINING_NEEDS } from '../training/split.js';
import { splitMemory } from '../training/split-memory.js';
import {
  checkLargeEnough,
  checkTrainable,
  type PreparedFacts,
  siteRefusals,
} from './case-check.js';
import { type GateReason, gateProblems, meetRequirements } from './data-requirements.js';
import type { TaskInput, TrainingInput } from './input.js';
import { checkJob, checkRunnable } from './job-check.js';
import { patchReader } from './patch-reader.js';

/** Whether a site's data will do for a job. Only `problems` may ever leave the site. */
export interface DataReport {
  readonly usable: number;
  readonly train: number;
  readonly validation: number;
  /** What is not used, and why; it names files. */
  readonly refused: readonly Refusal[];
  /** Empty where the data will do; else the main reason first. */
  readonly problems: readonly GateReason[];
}

export interface SiteCase extends EvaluationCase, PatientCase {
  readonly caseId: string;
  /** Of its files, and its class: the same scan with the same label has the same one, in whatever data set. */
  readonly contentKey: () => Promise<Sha256>;
  readonly prepared: () => Promise<TrainingCase>;
  /** What an epoch shows in its stead, where the job says so: patches by the stream of this name. */
  readonly patches?: (stream: string) => LoadCase[];
}

/** The cases that can be used, and what cannot, with the reason. */
interface Found {
  readonly cases: readonly SiteCase[];
  readonly refused: readonly Refusal[];
  /** Of the cases, where they are for training. */
  readonly facts: readonly PreparedFacts[];
}

/** What is only measured need not suit training. */
export type CaseUse = 'training' | 'evaluation';

/**
 * The data gate: finds the cases, reads every one of them once, so that the cache is filled and what
 * cannot be read is known, and holds them against the job's requirements.
 * @throws FedvoxError where the job itself cannot be trained, or engine or cache cannot be used
 */
export async function checkData(input: TrainingInput): Promise<DataReport> {
  const { job, dataset } = input;
  checkJob(job);
  const voxels = voxelEngineOf(await selectEngine(input.engine, input));
  const reader = readerOf(input);
  const stored = await lookAt(dataset, input, reader).catch((error: unknown): Dataset => {
    return { cases: [], refused: [refusalOf(dataset.path, error)] };
  });
  const found = await readCases(input, stored, new CaseStore(0), voxels, reader);
  const { cases, refused } = found;
  const usable = cases.length;
  const notDone = (problems: readonly GateReason[], more: readonly Refusal[] = []): DataReport => {
    return { usable, train: 0, validation: 0, refused: [...refused, ...more], problems };
  };
  const problems = gateProblems(usable, refused, job);
  if (problems.length > 0) return notDone(problems);
  try {
    const { train, validation } = await divide(cases, input);
    const labelled = new Set(found.facts.flatMap((one) => (one.hasForeground ? one.caseId : [])));
    const hasLabels = (side: readonly SiteCase[]) =>
      side.some(({ caseId }) => labelled.has(caseId));
    if (!hasLabels(train)) {
      const fault = fail('no-foreground', { cases: train.length });
      return notDone(['foreground-missing'], [refusalOf(dataset.path, fault)]);
    }
    if (!hasLabels(validation)) {
      input.log.warn({ validation: validation.length }, 'no validation case is labelled: no Dice');
    }
    if (isOfCases(job) && new Set(validation.map(({ caseClass }) => caseClass)).size === 1) {
      const what = 'all validation cases are of one class: no AUC';
      input.log.warn({ validation: validation.length }, what);
    }
    return { usable, train: train.length, validation: validation.length, refused, problems };
  } catch (error) {
    if (!isFedvoxError(error, 'learning/too-few-patients')) throw error;
    return notDone(['too-few-cases'], [refusalOf(dataset.path, error)]);
  }
}

/**
 * A site's usable cases, ready to be trained and validated on.
 * @param store where loaded cases stay
 * @param voxels what preprocesses; the same bits come of any
 * @param reader reads the next cases while this thread trains on one
 * @throws FedvoxError `learning/too-few-cases`, and whatever makes the whole data set unusable
 */
export async function openSite(
  input: TaskInput,
  dataset: DatasetSpec,
  store: CaseStore,
  voxels: VoxelEngine,
  reader: Reader = readerOf(input),
): Promise<Split<SiteCase>> {
  return divide(await openCases(input, dataset, store, voxels, reader), input);
}

export function readerOf({ reader, clock }: TaskInput): Reader {
  return reader ?? new ReaderThread(clock);
}

/** As `openSite`, not yet divided. */
export async function openCases(
  input: TaskInput,
  dataset: DatasetSpec,
  store: CaseStore,
  voxels: VoxelEngine,
  reader: Reader,
  use: CaseUse = 'training',
): Promise<readonly SiteCase[]> {
  const { job, log } = input;
  checkRunnable(job);
  const stored = await lookAt(dataset, input, reader);
  const { cases, refused } = await readCases(input, stored, store, voxels, reader, use);
  for (const refusal of refused) log.warn(refusal, 'not used');
  const isEnough =
    use === 'evaluation' ? cases.length > 0 : gateProblems(cases.length, refused, job).length === 0;
  if (!isEnough) {
    const [first] = refused;
    const why = first === undefined ? '' : `. Refused: ${first.what}: ${first.reason}`;
    const needed = use === 'evaluation' ? 1 : Math.max(job.data.minCases, 2);
    const words = use === 'evaluation' ? 'an evaluation needs' : TRAINING_NEEDS;
    throw fail('too-few-cases', { cases: cases.length, needed, use: words, why });
  }
  return cases;
}

/** Looks at the data's headers, told and remembered as the task's input says. */
function lookAt(
  dataset: DatasetSpec,
  { job, log, headerIndex, onProgress }: TaskInput,
  reader: Reader,
): Promise<Dataset> {
  return reader.openDataset(dataset, job.classes, {
    ...(isOfCases(job) ? { labels: 'of-cases' } : {}),
    ...(headerIndex === undefined ? {} : { indexPath: headerIndex }),
    onProgress: ({ kind: _, ...news }) => {
      if ('reason' in news) log.warn(news, 'headers are read anew');
      else onProgress?.({ phase: 'reading-headers', ...news });
    },
  });
}

/**
 * Reads every case that meets the job's requirements. One that cannot be read is left out, before
 * the split, so that every task over the same files splits the same cases.
 */
async function readCases(
  input: TaskInput,
  dataset: Dataset,
  store: CaseStore,
  voxels: VoxelEngine,
  reader: Reader,
  use: CaseUse = 'training',
): Promise<Found> {
  const { job, signal, onProgress } = input;
  const candidates = meetRequirements(dataset, job);
  const cache = await openCache(input.cacheDir, {
    reader,
    voxels,
    onProblem: ({ code, message }) => input.log.warn({ code, reason: message }, 'index of digests'),
  });
  const total = candidates.cases.length;
  const cases: SiteCase[] = [];
  const refused = [...candidates.refused];
  const facts: PreparedFacts[] = [];
  for (const [index, ref] of candidates.cases.entries()) {
    signal?.throwIfAborted();
    const siteCase = siteCaseOf(ref, job, cache, store, reader);
    try {
      const prepared = await siteCase.prepared();
      const { originalLabel } = siteCase;
      if (use === 'training') {
        facts.push(await checkTrainable(prepared, ref.caseId, job, originalLabel));
      } else checkLargeEnough(prepared.image, job);
      const patches = use === 'training' ? patchReader(ref, prepared, job, cache) : undefined;
      cases.push({ ...siteCase, ...(patches && { patches }) });
    } catch (error) {
      refused.push(refusalOf(ref.caseId, error));
    }
    onProgress?.({ phase: 'preparing', done: index + 1, total });
  }
  await cache.keepDigests();
  const together = siteRefusals(facts, job);
  if (together.length > 0) return { cases: [], refused: [...refused, ...together], facts: [] };
  return { cases, refused, facts };
}

function siteCaseOf(
  ref: CaseRef,
  job: Job,
  cache: CaseCache,
  store: CaseStore,
  reader: Reader,
): SiteCase {
  const { caseId, patientKey, site, caseClass } = ref;
  const load = async (): Promise<TrainingCase> => {
    const { image, label } = await cache.load(ref, job.classes, job.preprocess);
    if (caseClass !== undefined) return { caseId, image, caseClass };
    assert(label !== undefined, 'a data set opened for training has labelled cases only');
    return { caseId, image, label };
  };
  return {
    caseId,
    ...(patientKey === undefined ? {} : { patientKey }),
    ...(site === undefined ? {} : { site }),
    ...(caseClass === undefined ? {} : { caseClass }),
    contentKey: async () => {
      const ofFiles = await cache.contentKey(ref);
      return caseClass === undefined ? ofFiles : sha256(`${ofFiles}/${job.classes[caseClass]}`);
    },
    prepared: () => store.get(ref, load),
    originalLabel: async () => {
      const { label } = await reader.readCase(ref, job.classes);
      assert(label !== undefined, 'a data set opened for training has labelled cases only');
      return label;
    },
  };
}

/**
 * Into training and validation, by the job's rule; what the site remembers of it stands.
 * @throws FedvoxError `learning/too-few-cases`, `learning/too-few-patients`
 */
export async function divide(
  cases: readonly SiteCase[],
  { job, splitsDir, log }: Pick<TaskInput, 'job' | 'splitsDir' | 'log'>,
): Promise<Split<SiteCase>> {
  const { seed, evaluation } = job;
  const { split: rule = 'by-rank' } = evaluation;
  const part = validationPart(evaluation);
  if (rule === 'by-rank') return splitCases(cases, seed, part);
  const memory = splitsDir === undefined ? undefined : splitMemory(splitsDir, jobDigest(job));
  const options = { seed, part, ...(memory && { remembered: await memory.read() }) };
  const { sides, filled, ...divided } = splitByPatient(cases, options);
  if (filled !== undefined) {
    log.warn({ side: filled }, 'no patient falls on this side by itself: one was taken for it');
  }
  await memory?.write(sides);
  return divided;
}

/** A fault of the data becomes a refusal; one of the cache, or of ours, stays an error. */
function refusalOf(what: string, error: unknown): Refusal {
  const isAboutData = error instanceof FedvoxError && error.code !== 'imaging/cache-unusable';
  if (!isAboutData) throw error;
  const { code, message, advice } = error;
  return { what, code, reason: message, advice };
}
