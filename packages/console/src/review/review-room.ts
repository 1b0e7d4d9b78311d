import { join } from 'node:path';
import type { StateFolder } from '@fedvox/agent/records';
import { type Clock, canonicalJson } from '@fedvox/base';
import { type DatasetSpec, ReaderThread } from '@fedvox/imaging';
import {
  type FoundReview,
  findReviews,
  type ReviewCase,
  type ReviewRecord,
} from '@fedvox/learning/reviews';
import { fail } from '../errors.js';
import { type LoadedCase, loadReviewCase } from './opened-case.js';
import type { OpenedCase, ReviewRow, ReviewsPage } from './review-contract.js';
import { saidSchema, type VerdictEntry, VerdictLog } from './verdict-log.js';

export interface ReviewRoomOptions {
  readonly folder: StateFolder;
  /** What the site trains on, as it is configured now. */
  readonly data: DatasetSpec;
  /** Who sits at this machine. */
  readonly reviewer: string;
  readonly clock: Clock;
}

/** Which case of which review. */
export interface CasePlace {
  readonly review: string;
  readonly index: number;
}

/** The reviews of a site, with one case at a time in memory, and what people say of them. */
export class ReviewRoom {
  readonly #reader: ReaderThread;
  readonly #verdicts: VerdictLog;
  #open: { readonly key: string; readonly loading: Promise<LoadedCase> } | undefined;

  constructor(private readonly options: ReviewRoomOptions) {
    this.#reader = new ReaderThread(options.clock);
    this.#verdicts = new VerdictLog(options.folder.verdicts);
  }

  /** @throws FedvoxError `learning/review-unreadable` */
  async page(): Promise<ReviewsPage> {
    const reviews = await findReviews(this.options.folder.modelReviews);
    const { entries, unreadable } = await this.#verdicts.read();
    return {
      reviewer: this.options.reviewer,
      unreadable,
      reviews: reviews.map(({ id, record }) => {
        const { atMs, model, modelSha256, job, split, dataset, classes } = record;
        return {
          ...{ id, atMs, model, modelSha256, job, split, dataPath: dataset.path },
          classes: classes.slice(1),
          cases: worstFirst(rowsOf(record, entries)),
        };
      }),
    };
  }

  /** @throws FedvoxError `console/no-such-review`, and as `loadReviewCase` */
  async openedCase(place: CasePlace): Promise<OpenedCase> {
    const { about, review } = await this.loaded(place);
    const { entries } = await this.#verdicts.read();
    const said = entries.filter((entry) => isAbout(entry, review.record, about)).reverse();
    return { ...about, index: place.index, said, draft: null, canCorrect: false };
  }

  /** The case in memory: the one that was asked for last stays there. */
  async loaded(place: CasePlace): Promise<LoadedCase> {
    const { review, reviewCase } = await this.#find(place);
    const key = canonicalJson([place.review, place.index, review.record.atMs]);
    if (this.#open?.key !== key) {
      // The one before makes room first.
      this.#open = undefined;
      const loading = this.#load(review, reviewCase);
      this.#open = { key, loading };
      loading.catch(() => {
        if (this.#open?.loading === loading) this.#open = undefined;
      });
    }
    return this.#open.loading;
  }

  /** @throws FedvoxError `console/verdict-unusable`, `console/no-such-review` */
  async say(place: CasePlace, body: unknown): Promise<void> {
    const said = saidSchema.safeParse(body);
    if (!said.success) {
      const problems = said.error.issues.map(
        ({ path, message }) => `${path.join('.')}: ${message}`,
      );
      throw fail('verdict-unusable', { problem: problems.join('; ') });
    }
    const { review, reviewCase } = await this.#find(place);
    const { modelSha256, job } = review.record;
    const { caseId } = reviewCase;
    const atMs = this.options.clock.nowMs();
    await this.#verdicts.add({ ...said.data, atMs, modelSha256, job, caseId, correction: null });
  }

  /** Of every case the last verdict, the worst case first. @throws FedvoxError `console/no-such-review` */
  async rows(review: string): Promise<readonly ReviewRow[]> {
    const found = (await this.page()).reviews.find(({ id }) => id === review);
    if (found === undefined) throw noSuchReview(review);
    return found.cases;
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  #load(review: FoundReview, reviewCase: ReviewCase): Promise<LoadedCase> {
    const { folder, data } = this.options;
    const { dataset } = review.record;
    return loadReviewCase(review, reviewCase, {
      reader: this.#reader,
      folder: folder.modelReviews,
      indexPath: join(folder.review, 'headers.index'),
      dataset: dataset.path === data.path ? data : dataset,
    });
  }

  async #find({ review: id, index }: CasePlace) {
    const reviews = await findReviews(this.options.folder.modelReviews);
    const review = reviews.find((each) => each.id === id);
    const reviewCase = review?.record.cases[index];
    if (review === undefined || reviewCase === undefined) throw noSuchReview(id);
    return { review, reviewCase };
  }
}

function noSuchReview(review: string) {
  return fail('no-such-review', { review: review.slice(0, 80) });
}

type AboutCase = Pick<ReviewCase, 'caseId'>;

function isAbout(entry: VerdictEntry, record: ReviewRecord, { caseId }: AboutCase): boolean {
  return entry.modelSha256 === record.modelSha256 && entry.caseId === caseId;
}

function rowsOf(record: ReviewRecord, entries: readonly VerdictEntry[]): ReviewRow[] {
  return record.cases.map((one, index) => {
    const { caseId, dice, perClass } = one;
    const verdict = entries.findLast((entry) => isAbout(entry, record, one)) ?? null;
    return { index, caseId, dice, perClass, verdict };
  });
}

/** Where there was nothing to find, Dice says nothing: last. */
function worstFirst(rows: readonly ReviewRow[]): ReviewRow[] {
  return rows.toSorted((a, b) => (a.dice ?? 2) - (b.dice ?? 2) || a.index - b.index);
}
