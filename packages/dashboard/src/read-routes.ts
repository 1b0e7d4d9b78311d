import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type DeskRoute, jsonAnswer } from '@fedvox/desk';
import { JobRows } from './job-rows.js';
import type { EventsEnd, ModelsPage, PageSelf, UpdateRow } from './page-contract.js';
import { read, SHAPES } from './request-shapes.js';

/** Longest that the page's one poll is held open: as long as the coordinator holds one. */
const POLL_MS = 25_000;

/** What the page reads. */
export function readRoutes(client: CoordinatorClient, self: PageSelf): DeskRoute[] {
  const rows = new JobRows(client);
  return [
    { method: 'GET', path: '/api/self', handle: async () => jsonAnswer(self) },
    { method: 'GET', path: '/api/jobs', handle: async () => jsonAnswer(await rows.list()) },
    {
      method: 'GET',
      path: '/api/jobs/:id',
      handle: async ({ params, query }) => {
        const { id } = read(SHAPES.job, params);
        return jsonAnswer(await client.jobPage(id, read(SHAPES.jobPage, query).from));
      },
    },
    {
      method: 'GET',
      path: '/api/jobs/:id/models',
      handle: async ({ params, query }) => {
        const { id } = read(SHAPES.job, params);
        const { rounds, nextRound } = await client.jobPage(id, read(SHAPES.jobPage, query).from);
        const page: ModelsPage = { rounds, nextRound };
        return jsonAnswer(page);
      },
    },
    {
      method: 'GET',
      path: '/api/jobs/:id/events',
      handle: async ({ params, query, signal }) => {
        const { id } = read(SHAPES.job, params);
        const { after } = read(SHAPES.eventsAfter, query);
        return jsonAnswer(await client.events(after, 0, signal, id));
      },
    },
    {
      method: 'GET',
      path: '/api/jobs/:id/updates',
      handle: async ({ params, query }) => {
        const { id } = read(SHAPES.job, params);
        const updates = await client.updates(id, read(SHAPES.round, query).round);
        const shown = updates.map(({ statement: _, receipt: __, ...row }): UpdateRow => row);
        return jsonAnswer(shown);
      },
    },
    { method: 'GET', path: '/api/sites', handle: async () => jsonAnswer(await client.sites()) },
    ...eventRoutes(client),
  ];
}

function eventRoutes(client: CoordinatorClient): DeskRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/events',
      handle: async ({ query, signal }) => {
        const { after } = read(SHAPES.eventsAfter, query);
        return jsonAnswer(await client.events(after, POLL_MS, signal));
      },
    },
    {
      method: 'GET',
      path: '/api/events/end',
      handle: async () => {
        const [last] = await client.eventsBefore(undefined, 1);
        const end: EventsEnd = { sequence: last?.sequence ?? 0 };
        return jsonAnswer(end);
      },
    },
    {
      method: 'GET',
      path: '/api/facts',
      handle: async ({ query }) => {
        const { before, limit } = read(SHAPES.eventsBefore, query);
        return jsonAnswer(await client.eventsBefore(before, limit));
      },
    },
  ];
}
