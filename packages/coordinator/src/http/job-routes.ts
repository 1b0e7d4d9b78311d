import type { Sha256 } from '@fedvox/base';
import { z } from 'zod';
import { isOver } from '../core/job-state.js';
import { eventOfOrder, eventOfUpdateOrder, ORDERS, UPDATE_ORDERS } from '../core/orders.js';
import { standingOf } from '../core/standing.js';
import type { RoundVerdict } from '../core/verdict.js';
import { fail } from '../errors.js';
import {
  confirmationSchema,
  deletionSchema,
  eventQuerySchema,
  eventSchema,
  jobCheckSchema,
  jobDetailsSchema,
  jobInvitationSchema,
  jobMemberSchema,
  jobQuerySchema,
  jobSummarySchema,
  MAX_EVENT_BYTES,
  submissionForecastSchema,
  submissionSchema,
  updateNameSchema,
  updateQuerySchema,
  updateSchema,
} from '../rest-contract.js';
import { report, summarise } from '../shell/job-report.js';
import type { StoredFact } from '../store/store.js';
import type { HttpServices } from './http-services.js';
import type { TypedApp } from './zod-routes.js';

const params = z.strictObject({ id: z.string().max(200) });

export function addJobRoutes(app: TypedApp, services: HttpServices): void {
  const { registry, submissions, store } = services;
  app.post(
    '/v1/jobs',
    { schema: { body: submissionSchema, response: { 201: z.strictObject({ id: z.string() }) } } },
    async ({ body, caller }, reply) => {
      const { job, modelSha256, startedFrom } = body;
      const { jobId } = await submissions.submit(job, modelSha256, startedFrom, caller.name);
      reply.status(201);
      return { id: jobId };
    },
  );
  app.post(
    '/v1/jobs/check',
    { schema: { body: jobCheckSchema, response: { 200: submissionForecastSchema } } },
    async ({ body }) => submissions.check(body.job),
  );
  app.get('/v1/jobs', { schema: { response: { 200: z.array(jobSummarySchema) } } }, async () =>
    registry.all().map(summarise),
  );
  app.get(
    '/v1/jobs/:id',
    { schema: { params, querystring: jobQuerySchema, response: { 200: jobDetailsSchema } } },
    async ({ params: { id }, query: { from } }) => report(registry.get(id), services, from),
  );
  app.get(
    '/v1/jobs/:id/updates',
    {
      schema: {
        params,
        querystring: updateQuerySchema,
        response: { 200: z.array(updateSchema) },
      },
    },
    async ({ params: { id }, query: { round } }) => {
      registry.get(id);
      const verdicts = await store.verdicts(id, round);
      return Promise.all(
        (await store.updates(id, round)).map(
          async ({ round, site, statementSha256, deltaSha256, acceptedAtMs, ...update }) => ({
            round,
            site,
            statementSha256,
            deltaSha256,
            deltaRemovedAtMs: await removedAtMs(deltaSha256, services),
            acceptedAtMs,
            ...verdictOf(verdicts, round, site),
            statement: JSON.parse(update.statementEnvelope),
            receipt: JSON.parse(update.receiptEnvelope),
          }),
        ),
      );
    },
  );
  app.delete(
    '/v1/jobs/:id',
    { schema: { params, querystring: confirmationSchema, response: { 200: deletionSchema } } },
    async ({ params: { id }, query: { name }, caller }) => {
      await registry.delete(id, name, caller.name);
      return { id, ...(await services.retention.sweep()) };
    },
  );
  addOrderRoutes(app, services);
  addInvitationRoute(app, services);
  addEventRoutes(app, services);
}

function addOrderRoutes(app: TypedApp, { registry }: HttpServices): void {
  for (const order of ORDERS) {
    app.post(
      `/v1/jobs/:id/${order}`,
      { schema: { params, response: { 200: jobSummarySchema } } },
      async ({ params: { id }, caller }) => {
        await registry.advance(id, ({ state }, nowMs) => ({
          event: eventOfOrder(order, state, nowMs, caller.name),
        }));
        return summarise(registry.get(id));
      },
    );
  }
  for (const order of UPDATE_ORDERS) {
    app.post(
      `/v1/jobs/:id/${order}`,
      { schema: { params, body: updateNameSchema, response: { 200: jobSummarySchema } } },
      async ({ params: { id }, body, caller }) => {
        await registry.advance(id, ({ state }, nowMs) => {
          const event = eventOfUpdateOrder(order, body, state, caller.name, nowMs);
          return event === null ? null : { event };
        });
        return summarise(registry.get(id));
      },
    );
  }
}

/** Takes a site into a job that is under way, whatever its submission said of sites. */
function addInvitationRoute(app: TypedApp, { registry, sites }: HttpServices): void {
  app.post(
    '/v1/jobs/:id/sites',
    {
      schema: { params, body: jobInvitationSchema, response: { 200: jobMemberSchema } },
    },
    async ({ params: { id }, body: { site }, caller }) => {
      registry.get(id);
      const enrolled = await sites.sites();
      const isTrusted = enrolled.some((known) => known.site === site && !known.revoked);
      if (!isTrusted) throw fail('site-not-enrolled', { sites: site });
      const state = await registry.advance(id, ({ state }) => {
        if (isOver(state)) throw fail('job-over', { job: id, status: state.status });
        return { event: { kind: 'site-invited', site, by: caller.name } };
      });
      return { site, standing: standingOf(state, site) };
    },
  );
}

function addEventRoutes(app: TypedApp, { store, changes, clock }: HttpServices): void {
  app.get(
    '/v1/events',
    { schema: { querystring: eventQuerySchema, response: { 200: z.array(eventSchema) } } },
    async ({ query: { after, waitMs, before, job, limit } }) => {
      if (before !== undefined) {
        const earlier = [...(await store.factsBefore(before, limit, job))];
        return withinBytes(earlier.reverse()).reverse();
      }
      const untilMs = clock.nowMs() + waitMs;
      for (;;) {
        const looking = new AbortController();
        // Before the look: what happens after it ends the wait.
        const change = changes.wait(untilMs - clock.nowMs(), looking.signal);
        const known = await store.facts(after, limit, job);
        if (known.length === 0 && clock.nowMs() < untilMs && !changes.isClosed) await change;
        else {
          looking.abort();
          return withinBytes(known);
        }
      }
    },
  );
}

/** A fact may name each of a thousand sites: as many as fit, one at least; the rest is asked for anew. */
function withinBytes(events: readonly StoredFact[]): StoredFact[] {
  let bytes = 0;
  const end = events.findIndex((event, index) => {
    bytes += JSON.stringify(event).length;
    return index > 0 && bytes > MAX_EVENT_BYTES;
  });
  return end < 0 ? [...events] : events.slice(0, end);
}

function verdictOf(verdicts: readonly RoundVerdict[], ofRound: number, ofSite: string) {
  const found = verdicts.find(({ round, site }) => round === ofRound && site === ofSite);
  if (found === undefined) return {};
  const { round: _, site: __, flags, ...verdict } = found;
  return { verdict: { ...verdict, flags: [...flags] } };
}

/** When the bytes went by retention; null while they are here. */
async function removedAtMs(
  digest: Sha256 | null,
  { blobs, store }: HttpServices,
): Promise<number | null> {
  if (digest === null || (await blobs.find(digest)) !== undefined) return null;
  return (await store.removedAtMs(digest)) ?? null;
}
