import { silentLogger, systemClock } from '@fedvox/base/system';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import { startDashboard } from '@fedvox/dashboard';
import type { RunningDesk } from '@fedvox/desk';
import { firstModel } from '@fedvox/learning';
import type { TestFederation } from './federation.js';

/** A dashboard that speaks by this client, whosever key it has. */
export function deskOf(
  client: CoordinatorClient,
  certificatePem: string,
  coordinator: string,
): Promise<RunningDesk> {
  return startDashboard({
    client,
    coordinator,
    certificatePem,
    firstModel: async (job) => firstModel(job),
    clock: systemClock,
    log: silentLogger(),
  });
}

/** The sites work while something is waited for. */
export async function whileWorking(
  { sites }: Pick<TestFederation, 'sites'>,
  wait: () => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const working = sites.map((site) => site.work(stop.signal));
  try {
    await wait();
  } finally {
    stop.abort();
    await Promise.all(working);
  }
}
