import { fileURLToPath } from 'node:url';
import type { Clock, FedvoxError } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { type RunningDesk, readBuiltPages, startDesk } from '@fedvox/desk';
import { METRIC_NAMES, METRICS } from '@fedvox/job';
import { readIdentity } from '@fedvox/pki';
import { REFUSALS } from '@fedvox/protocol';
import { modelRoute } from './model-download.js';
import { orderRoutes } from './order-routes.js';
import type { PageSelf } from './page-contract.js';
import { readRoutes } from './read-routes.js';
import { type FirstModel, submitRoutes } from './submit-routes.js';

export interface DashboardSpec {
  /** Speaks with the key of the person who looks. */
  readonly client: CoordinatorClient;
  /** `host:port` that it dials, to be shown. */
  readonly coordinator: string;
  /** The person's: their name and role stand in it. */
  readonly certificatePem: string;
  /** For a job that is submitted here. */
  readonly firstModel: FirstModel;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Logger;
  /** A free one where absent. */
  readonly port?: number;
}

/** Built by `tools/pages.mjs`: beside this file's own build, and the same seen from its source. */
const PAGES = fileURLToPath(new URL('../dist/pages', import.meta.url));

/**
 * Serves an operator's or an observer's pages on this machine alone.
 * @throws FedvoxError `desk/pages-not-built`, `desk/listen-failed`
 */
export async function startDashboard(spec: DashboardSpec): Promise<RunningDesk> {
  const { client, clock, log, firstModel, port = 0 } = spec;
  return startDesk({
    name: 'dashboard',
    routes: [
      ...readRoutes(client, selfOf(spec)),
      ...orderRoutes(client),
      ...submitRoutes(client, firstModel),
      modelRoute(client),
    ],
    pages: await readBuiltPages(PAGES),
    clock,
    log,
    port,
    statusOf,
  });
}

function selfOf({ certificatePem, coordinator }: DashboardSpec): PageSelf {
  const { name, role, federation } = readIdentity(certificatePem);
  const metrics = METRIC_NAMES.map((metric) => {
    const { title, range } = METRICS[metric];
    return { name: metric, title, range };
  });
  // What a case had in the place of braces was told to the site alone.
  const general = (text: string) => text.replace(/\{\w+\}/g, '…');
  const refusals = Object.entries(REFUSALS).map(([code, { message, advice }]) => [
    code,
    { message: general(message), advice: general(advice) },
  ]);
  return {
    name,
    role: role === 'observer' ? 'observer' : 'operator',
    federation,
    coordinator,
    metrics,
    refusals: Object.fromEntries(refusals),
  };
}

/** A coordinator that does not answer is away, not wrong; what it refuses is refused here too. */
function statusOf({ code }: FedvoxError): number | undefined {
  if (code === 'coordinator/coordinator-unreachable' || code === 'coordinator/standing-by')
    return 503;
  if (code.startsWith('refused/')) return 403;
  if (code === 'coordinator/no-such-job' || code === 'coordinator/no-such-blob') return 404;
  return undefined;
}
