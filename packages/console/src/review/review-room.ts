import { join, relative } from 'node:path';
import type { StateFolder } from '@fedvox/agent/records';
import type { Clock } from '@fedvox/base';
import {
  type DatasetSpec,
  ReaderThread,
  uncorrectable as uncorrectableCase,
} from '@fedvox/imaging';
import { type FoundReview, findReviews } from '@fedvox/learning/reviews';
import type { z } from 'zod';
import { fail } from '../errors.js';
import type { CaseVoxels } from './case-view.js';
import { Draft } from './draft.js';
import { keepCorrection } from './kept-correction.js';
import { type LoadedCase, loadReviewCase, type ReviewedData } from './opened-case.js';
import type {
  DraftOrder,
  DrawingState,
  OpenedCase,
  ReviewRow,
  ReviewsPage,
  Stroke,
} from './review-contract.js';
import { saidOf, subjectOf, summaryOf } from './review-rows.js';
import { saidSchema, signedSchema, type VerdictEntry, VerdictLog } from './verdict-log.js';

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

/** The case in memory, and what is drawn over it. */
interface OpenCase {
  /** Review and place in it. */
  readonly key: string;
  /** Of the review. */
  readonly atMs: number;
  readonly loading: Promise<LoadedCase>;
  draft?: Draft | undefined;
  /** Another number is another picture. */
  version: number;
}

/** The reviews of a site, with one case at a time in memory, and what people say of them. */
export class ReviewRoom {
  readonly #reader: ReaderThread;
  readonly #verdicts: VerdictLog;
  #open: OpenCase | undefined;
  #version = 0;

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
      reviews: reviews.map((review) => summaryOf(review, entries)),
    };
  }

  /** @throws FedvoxError `console/no-such-review`, and as `loadReviewCase` */
  async openedCase(place: CasePlace): Promise<OpenedCase> {
    const { record } = (await this.#find(place)).review;
    // It may have been evaluated anew since it was opened.
    if (this.#open?.atMs !== record.atMs) this.#open = undefined;
    const open = await this.#opened(place);
    const { about, review, ref } = await open.loading;
    const { entries } = await this.#verdicts.read();
    const said = saidOf(entries, review.record, about).reverse();
    const uncorrectable = this.#isOfSite(review) ? uncorrectableCase(ref) : fail('other-data');
    return {
      ...{ ...about, index: place.index, said },
      uncorrectable: uncorrectable?.message ?? null,
      drawing: drawingOf(open),
    };
  }

  /** What is shown of a case: the label that is being corrected goes before its own. */
  async voxels(place: CasePlace): Promise<CaseVoxels> {
    const open = await this.#opened(place);
    const { voxels } = await open.loading;
    return open.draft === undefined ? voxels : { ...voxels, label: open.draft.label };
  }

  /** @throws FedvoxError `console/no-draft` */
  async draw(place: CasePlace, order: DraftOrder): Promise<DrawingState> {
    const open = await this.#opened(place);
    const { voxels } = await open.loading;
    if (order.kind === 'begin') {
      open.draft = new Draft(order.from === 'label' ? voxels.label : voxels.prediction);
    } else {
      const { draft } = open;
      if (draft === undefined) throw fail('no-draft');
      if (order.kind === 'stroke') draft.draw(checkedStroke(order, await open.loading));
      if (order.kind === 'undo') draft.undo();
      if (order.kind === 'drop') open.draft = undefined;
    }
    open.version = ++this.#version;
    return drawingOf(open);
  }

  /**
   * Writes the label as it was corrected, reads it back as the site's next training will, and says so in the log.
   * @throws FedvoxError `console/no-draft`, `console/other-data`, `console/correction-differs`, as `say` and `writeCorrection`
   */
  async correct(place: CasePlace, body: unknown): Promise<void> {
    const signed = checked(signedSchema, body);
    const open = await this.#opened(place);
    const { draft } = open;
    if (draft === undefined) throw fail('no-draft');
    const loaded = await open.loading;
    if (!this.#isOfSite(loaded.review)) throw fail('other-data');
    const { data, clock } = this.options;
    const { corrections = this.options.folder.corrections } = data;
    // Nothing is drawn on while it is written.
    open.draft = undefined;
    try {
      const path = await keepCorrection(loaded, draft.label, {
        ...{ folder: corrections, createdAt: new Date(clock.nowMs()) },
        source: this.#source(loaded.review),
      });
      const correction = relative(corrections, path);
      await this.#add(loaded, { ...signed, verdict: 'corrected', correction });
    } catch (error) {
      open.draft = draft;
      throw error;
    }
    // Scan and label are read anew, as they are now.
    if (this.#open === open) this.#open = undefined;
  }

  /** @throws FedvoxError `console/verdict-unusable`, `console/no-such-review` */
  async say(place: CasePlace, body: unknown): Promise<void> {
    const said = checked(saidSchema, body);
    await this.#add(await this.#find(place), { ...said, correction: null });
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

  /** The case in memory: the one that was asked for last stays there. */
  async #opened(place: CasePlace): Promise<OpenCase> {
    const key = `${place.review}/${place.index}`;
    if (this.#open?.key === key) return this.#open;
    const { review, reviewCase } = await this.#find(place);
    // Several may have waited for that.
    if (this.#open?.key === key) return this.#open;
    const loading = loadReviewCase(review, reviewCase, this.#source(review));
    const { atMs } = review.record;
    const open: OpenCase = { key, atMs, loading, version: ++this.#version };
    // The one before makes room.
    this.#open = open;
    loading.catch(() => {
      if (this.#open === open) this.#open = undefined;
    });
    return open;
  }

  #source({ record: { dataset } }: FoundReview): ReviewedData {
    const { folder, data } = this.options;
    return {
      reader: this.#reader,
      folder: folder.modelReviews,
      indexPath: join(folder.review, 'headers.index'),
      dataset: dataset.path === data.path ? data : dataset,
    };
  }

  /** Only what the site trains on is read with its corrections. */
  #isOfSite({ record: { dataset } }: FoundReview): boolean {
    return dataset.path === this.options.data.path;
  }

  #add(
    { review, reviewCase }: Pick<LoadedCase, 'review' | 'reviewCase'>,
    said: Pick<VerdictEntry, 'reviewer' | 'note' | 'verdict' | 'correction'>,
  ): Promise<void> {
    const atMs = this.options.clock.nowMs();
    return this.#verdicts.add({ ...said, ...subjectOf(review.record, reviewCase), atMs });
  }

  async #find({ review: id, index }: CasePlace) {
    const reviews = await findReviews(this.options.folder.modelReviews);
    const review = reviews.find((each) => each.id === id);
    const reviewCase = review?.record.cases[index];
    if (review === undefined || reviewCase === undefined) throw noSuchReview(id);
    return { review, reviewCase };
  }
}

function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw fail('verdict-unusable', { problem: problems.join('; ') });
}

function checkedStroke(stroke: Stroke, { about, review }: LoadedCase): Stroke {
  const { plane, slice, classIndex } = stroke;
  if (slice >= about.shape[about.planes[plane].through.axis]) {
    throw fail('no-such-slice', { plane, slice: String(slice) });
  }
  if (classIndex >= review.record.classes.length) {
    throw fail('drawing-unusable', { problem: `there is no class ${classIndex}` });
  }
  return stroke;
}

function drawingOf({ version, draft }: OpenCase): DrawingState {
  return { version, strokes: draft?.strokes ?? null };
}

function noSuchReview(review: string) {
  return fail('no-such-review', { review: review.slice(0, 80) });
}
