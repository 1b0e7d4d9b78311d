import { Readable } from 'node:stream';
import { csvText } from '@fedvox/base';
import {
  bytesAnswer,
  type DeskRequest,
  type DeskRoute,
  jsonAnswer,
  streamAnswer,
} from '@fedvox/desk';
import { patientView } from '@fedvox/imaging';
import { z } from 'zod';
import { REVIEWERS, signedInName } from '../console-roles.js';
import { fail } from '../errors.js';
import { type SliceRequest, sliceBytes } from './case-view.js';
import { strokeSchema } from './draft.js';
import type { DraftOrder, ReviewRow } from './review-contract.js';
import type { CasePlace, ReviewRoom } from './review-room.js';

const CASE = '/api/reviews/:review/cases/:index';

const sliceSchema = z.object({
  plane: z.enum(['axial', 'coronal', 'sagittal']),
  slice: z.coerce.number().int().nonnegative(),
  low: z.coerce.number(),
  high: z.coerce.number(),
  label: z.stringbool(),
  prediction: z.stringbool(),
});

const orderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('begin'), from: z.enum(['label', 'prediction']) }),
  strokeSchema,
  z.strictObject({ kind: z.literal('undo') }),
  z.strictObject({ kind: z.literal('drop') }),
]);

/** What the pages of reviews ask for. */
export function reviewRoutes(room: ReviewRoom): readonly DeskRoute[] {
  const get = (path: DeskRoute['path'], handle: DeskRoute['handle']): DeskRoute => ({
    ...{ method: 'GET', path, handle },
  });
  const post = (path: DeskRoute['path'], handle: DeskRoute['handle']): DeskRoute => ({
    ...{ method: 'POST', path, may: REVIEWERS, handle },
  });
  return [
    get('/api/reviews', async (request) => jsonAnswer(await room.page(personOf(request)))),
    get('/api/reviews/:review/verdicts', async ({ params: { review = '' } }) => {
      const text = verdictsCsv(await room.rows(review));
      return streamAnswer('text/csv; charset=utf-8', Readable.from([text]), {
        fileName: `review-${review}.csv`,
      });
    }),
    get(CASE, async (request) =>
      jsonAnswer(await room.openedCase(placeOf(request), personOf(request))),
    ),
    get(`${CASE}/said`, async (request) => jsonAnswer(await room.said(placeOf(request)))),
    get(`${CASE}/slices/:plane/:slice`, async (request) => {
      const slice = sliceOf(request);
      const voxels = await room.voxels(placeOf(request), personOf(request));
      const { axis } = patientView(voxels.scan, slice.plane).through;
      if (slice.index >= voxels.scan.shape[axis]) {
        throw fail('no-such-slice', { plane: slice.plane, slice: String(slice.index) });
      }
      return bytesAnswer('application/octet-stream', sliceBytes(voxels, slice));
    }),
    post(`${CASE}/verdict`, async (request) => {
      await room.say(placeOf(request), request.body, personOf(request));
      return jsonAnswer(await room.openedCase(placeOf(request), personOf(request)));
    }),
    post(`${CASE}/draft`, async (request) => {
      return jsonAnswer(await room.draw(placeOf(request), orderOf(request), personOf(request)));
    }),
    post(`${CASE}/correction`, async (request) => {
      await room.correct(placeOf(request), request.body, personOf(request));
      return jsonAnswer(await room.openedCase(placeOf(request), personOf(request)));
    }),
  ];
}

const personOf = ({ caller }: DeskRequest) => signedInName(caller);

function placeOf({ params: { review = '', index = '' } }: DeskRequest): CasePlace {
  return { review, index: /^\d{1,9}$/.test(index) ? Number(index) : -1 };
}

function orderOf({ body }: DeskRequest): DraftOrder {
  const order = orderSchema.safeParse(body);
  if (order.success) return order.data;
  const problems = order.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw fail('drawing-unusable', { problem: problems.join('; ') });
}

function sliceOf({ params, query }: DeskRequest): SliceRequest {
  const asked = sliceSchema.safeParse({ ...params, ...query });
  if (!asked.success) {
    const { plane = '', slice = '' } = params;
    throw fail('no-such-slice', { plane: plane.slice(0, 20), slice: slice.slice(0, 20) });
  }
  const { plane, slice, low, high, label, prediction } = asked.data;
  return { plane, index: slice, window: [low, high], label, prediction };
}

/** A line for each case and class, with the case's last verdict. */
export function verdictsCsv(rows: readonly ReviewRow[]): string {
  const head = [
    ...['case', 'class', 'dice', 'hd95_mm', 'reference_ml', 'predicted_ml'],
    ...['verdict', 'reviewer', 'at', 'note', 'correction'],
  ];
  const lines = rows.flatMap(({ caseId, perClass, verdict }) =>
    perClass.map(({ name, dice, hd95Mm, referenceMl, predictedMl }) => [
      ...[caseId, name, dice, hd95Mm, referenceMl, predictedMl],
      ...[verdict?.verdict ?? null, verdict?.reviewer ?? null],
      verdict === null ? null : new Date(verdict.atMs).toISOString(),
      ...[verdict?.note ?? null, verdict?.correction ?? null],
    ]),
  );
  return csvText([head, ...lines]);
}
