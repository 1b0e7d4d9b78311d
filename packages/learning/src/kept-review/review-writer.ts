import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { assert, type Clock, canonicalJson, type Sha256, sha256, writeStored } from '@fedvox/base';
import {
  makePrivateFolder,
  renameDurably,
  sha256File,
  writeFileDurably,
} from '@fedvox/base/system';
import type { DatasetSpec, LabelMap } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import type { CaseEvaluation } from '../evaluation/case-evaluation.js';
import { keepPrediction } from './kept-prediction.js';
import { REVIEW, REVIEW_FILE, type ReviewCase, type ReviewRecord } from './review-record.js';

/** A case that was measured. */
interface ReviewedCase {
  readonly caseId: string;
  readonly contentKey: () => Promise<Sha256>;
}

export interface ReviewAbout {
  /** Where reviews lie, each in a folder of its own. */
  readonly folder: string;
  readonly job: Job;
  readonly modelPath: string;
  readonly split: ReviewRecord['split'];
  readonly dataset: DatasetSpec;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/**
 * Keeps what a model drew of each case while it is measured. The same model on the same data has one review: the
 * next takes its place, once it is whole.
 */
export class ReviewWriter {
  readonly #predictions = new Map<string, string>();

  private constructor(
    private readonly about: ReviewAbout,
    private readonly modelSha256: Sha256,
    private readonly place: string,
  ) {}

  static async begin(about: ReviewAbout): Promise<ReviewWriter> {
    const { folder, modelPath, split } = about;
    const dataset = { ...about.dataset, path: resolve(about.dataset.path) };
    const modelSha256 = await sha256File(modelPath);
    const key = sha256(canonicalJson([modelSha256, split, dataset.path]));
    const writer = new ReviewWriter(
      { ...about, dataset },
      modelSha256,
      join(folder, key.slice(0, 16)),
    );
    await rm(writer.#unfinished, { recursive: true, force: true });
    await makePrivateFolder(writer.#unfinished);
    return writer;
  }

  async add(caseId: string, prediction: LabelMap): Promise<void> {
    const name = `${String(this.#predictions.size + 1).padStart(4, '0')}.nii.gz`;
    this.#predictions.set(caseId, name);
    await keepPrediction(this.#unfinished, name, prediction);
  }

  /** @param figures of the cases that were added */
  async finish(
    figures: readonly CaseEvaluation[],
    reviewed: readonly ReviewedCase[],
  ): Promise<void> {
    const { job, modelPath, split, dataset, clock } = this.about;
    const keys = new Map(reviewed.map(({ caseId, contentKey }) => [caseId, contentKey]));
    const cases: ReviewCase[] = [];
    for (const { caseId, dice, perClass } of figures) {
      const [prediction, contentKey] = [this.#predictions.get(caseId), keys.get(caseId)];
      assert(prediction !== undefined && contentKey !== undefined, 'a measured case was predicted');
      const classes = perClass.map(({ lesions: _, ...one }) => one);
      cases.push({
        ...{ caseId, contentKey: await contentKey(), dice, perClass: classes, prediction },
      });
    }
    const record: ReviewRecord = {
      ...{ atMs: clock.nowMs(), model: basename(modelPath), modelSha256: this.modelSha256 },
      ...{ job: job.name, classes: [...job.classes], split, dataset, cases },
    };
    const path = join(this.#unfinished, REVIEW_FILE);
    await writeFileDurably(path, writeStored(record, REVIEW), { mode: 0o600 });
    await rm(this.place, { recursive: true, force: true });
    await renameDurably(this.#unfinished, this.place);
  }

  get #unfinished(): string {
    return `${this.place}.unfinished`;
  }
}
