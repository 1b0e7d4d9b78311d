import { Readable } from 'node:stream';
import { type SiteConfig, type StateFolder, statementBytes } from '@fedvox/agent/records';
import type { Clock } from '@fedvox/base';
import {
  bytesAnswer,
  type DeskCaller,
  type DeskRoute,
  jsonAnswer,
  streamAnswer,
} from '@fedvox/desk';
import type { ConsoleSelf } from './console-contract.js';
import { type ConsoleRole, OWNERS } from './console-roles.js';
import type { DataLook } from './data-look.js';
import { fail } from './errors.js';
import type { ReviewRoom } from './review/review-room.js';
import { reviewRoutes } from './review/review-routes.js';
import type { SiteRecords } from './site-records.js';

interface RouteContext {
  readonly config: SiteConfig;
  readonly folder: StateFolder;
  readonly records: SiteRecords;
  readonly look: DataLook;
  readonly reviews: ReviewRoom;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** All that the page may ask for beside approvals. One of them changes something, and that only in `review/`. */
export function consoleRoutes(context: RouteContext): readonly DeskRoute[] {
  const { config, folder, records, look, reviews, clock } = context;
  const get = (path: DeskRoute['path'], handle: DeskRoute['handle']): DeskRoute => ({
    ...{ method: 'GET', path, handle },
  });
  return [
    get('/api/self', async ({ caller }) => jsonAnswer(selfOf(config, caller))),
    get('/api/today', async () => jsonAnswer(await records.today(clock.nowMs()))),
    get('/api/left', async () => jsonAnswer(await records.left())),
    get('/api/left/statements/:digest', async ({ params: { digest = '' } }) => {
      const bytes = await statementBytes(folder, digest);
      if (bytes === undefined) throw fail('no-such-statement', { digest: digest.slice(0, 80) });
      const fileName = `statement-${digest}.json`;
      const stream = Readable.from([Buffer.from(bytes)]);
      return streamAnswer('application/json', stream, { fileName, byteLength: bytes.byteLength });
    }),
    get('/api/jobs', async () => jsonAnswer(await records.jobs())),
    get('/api/data', async () => jsonAnswer(await look.page())),
    {
      method: 'POST',
      path: '/api/data/look',
      may: OWNERS,
      handle: async () => {
        await look.begin(await records.lastJob());
        return jsonAnswer(await look.page());
      },
    },
    get('/api/data/pictures/:name', async ({ params: { name = '' } }) =>
      bytesAnswer('image/png', await look.picture(name)),
    ),
    ...reviewRoutes(reviews),
  ];
}

function selfOf(
  { site, stateDir, data, pacs, policy }: SiteConfig,
  caller: DeskCaller,
): ConsoleSelf {
  const isPerson = caller.kind === 'person';
  const person = isPerson ? { name: caller.name, role: caller.role as ConsoleRole } : null;
  return { site, stateDir, dataPath: data.path, isFetched: pacs !== undefined, policy, person };
}
