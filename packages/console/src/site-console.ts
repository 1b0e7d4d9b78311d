import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SiteConfig, stateFolder } from '@fedvox/agent/records';
import type { Clock, FedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import {
  type DeskSpec,
  PeopleFile,
  type RunningDesk,
  readBuiltPages,
  startDesk,
} from '@fedvox/desk';
import { approvalRoutes } from './approval-routes.js';
import { consoleRoutes } from './console-routes.js';
import { DataLook } from './data-look.js';
import { ReviewRoom } from './review/review-room.js';
import { SiteRecords } from './site-records.js';

export interface SiteConsoleSpec {
  readonly config: SiteConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** On loopback; what the configuration says, or a free one, where absent. */
  readonly port?: number;
  /** The compiled program of the process that looks at data, where it is not beside this one. */
  readonly lookEntryPath?: string;
}

/** Built by `tools/pages.mjs`: beside this file's own build, and the same seen from its source. */
const PAGES = fileURLToPath(new URL('../dist/pages', import.meta.url));

/**
 * Serves a hospital's pages, on this machine alone, or on the hospital's network where its configuration says so: it reads what the agent left
 * in the state folder, and dials nobody. An agent need not run for it.
 * @throws FedvoxError as `startDesk`, `desk/pages-not-built`
 */
export async function startSiteConsole(spec: SiteConsoleSpec): Promise<RunningDesk> {
  const { config, clock, log, lookEntryPath } = spec;
  const folder = stateFolder(config.stateDir);
  const look = new DataLook({
    data: config.data,
    folder: join(folder.review, 'findings'),
    clock,
    ...(lookEntryPath === undefined ? {} : { entryPath: lookEntryPath }),
  });
  const reviewer = process.env['USER'] ?? process.env['USERNAME'] ?? '';
  const reviews = new ReviewRoom({ folder, data: config.data, reviewer, clock });
  const records = new SiteRecords(folder);
  const desk = await startDesk({
    name: 'console',
    routes: [
      ...consoleRoutes({ config, folder, records, look, reviews, clock }),
      ...approvalRoutes({ config, folder, look, clock }),
    ],
    pages: await readBuiltPages(PAGES),
    clock,
    log,
    ...placeOf(spec),
    statusOf,
  });
  return {
    ...desk,
    close: async () => {
      await reviews.close();
      await look.close();
      await desk.close();
    },
  };
}

function placeOf({ config, port }: SiteConsoleSpec): Pick<DeskSpec, 'port' | 'network'> {
  const { host, port: configured = 0, network } = config.console ?? {};
  if (network === undefined || host === undefined) return { port: port ?? configured };
  const people = new PeopleFile(network.people);
  return { network: { host, port: port ?? configured, tls: network.tls, people } };
}

const STATUSES: Readonly<Record<string, number>> = {
  'agent/approval-changed': 409,
  'agent/no-such-approval': 404,
  'console/case-gone': 404,
  'console/looks-already': 409,
};

function statusOf({ code }: FedvoxError): number | undefined {
  return code.startsWith('console/no-such-') ? 404 : STATUSES[code];
}
