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
import { type OpenCase, OpenCases } from './open-cases.js';
import {
  correctedCase,
  type LoadedCase,
  loadReviewCase,
  type ReviewedData,
} from './opened-case.js';
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
  /** Of all cases in memory; what fits a usual machine where absent. */
  readonly mostVoxels?: number;
}

/** Which case of which review. */
export interface CasePlace {
  readonly review: string;
  readonly index: number;
}

/** Where nobody signs in, whoever sits at the site's own machine: two windows of theirs draw one drawing. */
const AT_THIS_MACHINE = '';
/** Another model's drawing takes the place of a case's within this time. */
const LATELY_MS = 1_000;

/**
 * The reviews of a site, the cases that people look at, what they draw over them and say of them. Each takes the name of the person who
 * signed in, where people do.
 */
export class ReviewRoom {
  readonly #reader: ReaderThread;
  readonly #verdicts: VerdictLog;
  readonly #cases: OpenCases;
  /** Of which case a slice was last asked for. */
  #lately: (CasePlace & { readonly key: string; readonly atMs: number }) | undefined;

  constructor(private readonly options: ReviewRoomOptions) {
    this.#reader = new ReaderThread(options.clock);
    this.#cases = new OpenCases(options.mostVoxels);
    this.#verdicts = new VerdictLog(options.folder.verdicts);
  }

  /** @throws FedvoxError `learning/review-unreadable` */
  async page(person?: string): Promise<ReviewsPage> {
    const reviews = await findReviews(this.options.folder.modelReviews);
    const { entries, unreadable } = await this.#verdicts.read();
    return {
      reviewer: person ?? this.options.reviewer,
      unreadable,
      reviews: reviews.map((review) => summaryOf(review, entries)),
    };
  }

  /** @throws FedvoxError `console/no-such-review`, and as `loadReviewCase` */
  async openedCase(place: CasePlace, person?: string): Promise<OpenedCase> {
    const open = await this.#opened(place);
    const { about, review, ref } = await open.loading;
    const uncorrectable = this.#isOfSite(review) ? uncorrectableCase(ref) : fail('other-data');
    return {
      ...{ ...about, index: place.index, said: await this.said(place) },
      uncorrectable: uncorrectable?.message ?? null,
      drawing: drawingOf(open, person),
    };
  }

  /** All that was said of a case, the last first; nothing of the case is read. @throws FedvoxError `console/no-such-review` */
  async said(place: CasePlace): Promise<VerdictEntry[]> {
    const { review, reviewCase } = await this.#find(place);
    const { entries } = await this.#verdicts.read();
    return saidOf(entries, review.record, reviewCase).reverse();
  }

  /** What is shown of a case: the label that the person corrects goes before its own. */
  async voxels(place: CasePlace, person?: string): Promise<CaseVoxels> {
    const open = await this.#openedLately(place);
    const { voxels } = await open.loading;
    const draft = draftOf(open, person);
    return draft === undefined ? voxels : { ...voxels, label: draft.label };
  }

  /** @throws FedvoxError `console/no-draft`, `console/too-many-drafts` */
  async draw(place: CasePlace, order: DraftOrder, person?: string): Promise<DrawingState> {
    const open = await this.#opened(place);
    const loaded = await open.loading;
    const { label, prediction } = loaded.voxels;
    if (order.kind === 'begin') {
      const from = order.from === 'label' ? label : prediction;
      this.#cases.begin(open, person ?? AT_THIS_MACHINE, () => new Draft(from));
    } else {
      const draft = draftOf(open, person);
      if (draft === undefined) throw fail('no-draft');
      if (order.kind === 'stroke') draft.draw(checkedStroke(order, loaded));
      if (order.kind === 'undo') draft.undo();
      if (order.kind === 'drop') open.drafts.delete(person ?? AT_THIS_MACHINE);
    }
    open.version = this.#cases.nextVersion();
    return drawingOf(open, person);
  }

  /**
   * Writes the label as it was corrected, reads it back as the site's next training will, and says so in the log.
   * @throws FedvoxError `console/no-draft`, `console/other-data`, `console/correction-differs`, as `say` and `writeCorrection`
   */
  async correct(place: CasePlace, body: unknown, person?: string): Promise<void> {
    const signed = checked(signedSchema, signedBy(body, person));
    const open = await this.#opened(place);
    const loaded = await open.loading;
    const draft = draftOf(open, person);
    if (draft === undefined) throw fail('no-draft');
    if (!this.#isOfSite(loaded.review)) throw fail('other-data');
    const { data, clock } = this.options;
    const { corrections = this.options.folder.corrections } = data;
    const who = person ?? AT_THIS_MACHINE;
    // Nothing is drawn on while it is written.
    open.drafts.delete(who);
    try {
      const { path, ref } = await keepCorrection(loaded, draft.label, {
        ...{ folder: corrections, clock, source: this.#source(loaded.review) },
      });
      const correction = relative(corrections, path);
      this.#cases.relabel(open, await correctedCase(loaded, ref, draft.label));
      await this.#add(loaded, { ...signed, verdict: 'corrected', correction });
    } catch (error) {
      open.drafts.set(who, draft);
      throw error;
    }
  }

  /** @throws FedvoxError `console/verdict-unusable`, `console/no-such-review` */
  async say(place: CasePlace, body: unknown, person?: string): Promise<void> {
    const said = checked(saidSchema, signedBy(body, person));
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

  /** As `#opened`, for slice after slice of one case: the reviews on the disk are not gone through for each. */
  async #openedLately(place: CasePlace): Promise<OpenCase> {
    const { review, index } = place;
    const nowMs = this.options.clock.nowMs();
    const lately = this.#lately;
    const isSame = lately?.review === review && lately.index === index;
    if (isSame && nowMs - lately.atMs < LATELY_MS) {
      const open = this.#cases.get(lately.key);
      if (open !== undefined) return open;
    }
    const open = await this.#opened(place);
    this.#lately = { review, index, key: open.key, atMs: nowMs };
    return open;
  }

  /** The case in memory. It may have been evaluated anew since it was opened. */
  async #opened(place: CasePlace): Promise<OpenCase> {
    const { review, reviewCase } = await this.#find(place);
    const { atMs } = review.record;
    const key = `${review.id}/${reviewCase.caseId}`;
    const before = this.#cases.get(key);
    if (before?.atMs === atMs) return before;
    if (before !== undefined) this.#cases.leave(before);
    return this.#cases.open(key, atMs, () =>
      loadReviewCase(review, reviewCase, this.#source(review)),
    );
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

function draftOf({ drafts }: OpenCase, person = AT_THIS_MACHINE): Draft | undefined {
  return drafts.get(person);
}

function drawingOf(open: OpenCase, person: string | undefined): DrawingState {
  return { version: open.version, strokes: draftOf(open, person)?.strokes ?? null };
}

/** Whoever signed in is who they are, whatever the page says. */
function signedBy(body: unknown, person: string | undefined): unknown {
  if (person === undefined || typeof body !== 'object') return body;
  return { ...body, reviewer: person };
}

function noSuchReview(review: string) {
  return fail('no-such-review', { review: review.slice(0, 80) });
}
