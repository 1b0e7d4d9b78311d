import { type Logger, systemFailure } from '@fedvox/base';
import { refusalCode, type ServerEvent } from '@fedvox/protocol';
import type { ChangeSignal } from './services/change-signal.js';
import type { JobRegistry } from './services/job-registry.js';
import type { Metrics } from './services/metrics.js';
import type { Store } from './store/store.js';

interface Watchers {
  readonly changes: ChangeSignal;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly log: Logger;
}

/** One log line and one count for each thing that happened, and a wake-up for whoever waits for it. */
export function watchProgress(
  registry: JobRegistry,
  { changes, metrics, store, log }: Watchers,
): void {
  registry.onProgress(({ job, facts }) => {
    const { jobId } = job.state.plan;
    for (const fact of facts) {
      log.info({ job: jobId, ...fact }, fact.kind);
      metrics.onFact(fact);
      if (fact.kind === 'round-committed') {
        observeDuration(jobId, fact.round, { metrics, store }).catch((error) =>
          log.warn({ err: error, job: jobId }, 'a round’s duration could not be read'),
        );
      }
    }
    changes.changed();
  });
}

async function observeDuration(
  jobId: string,
  number: number,
  { metrics, store }: Pick<Watchers, 'metrics' | 'store'>,
): Promise<void> {
  const round = (await store.rounds(jobId)).find((stored) => stored.round === number);
  if (round === undefined || round.committedAtMs === null) return;
  metrics.onRoundCommitted(round.committedAtMs - round.openedAtMs);
}

/** What was refused or broke, for the log and the metrics. */
export function observeServer(event: ServerEvent, log: Logger, metrics: Metrics): void {
  switch (event.kind) {
    case 'call-refused': {
      const { method, caller, error } = event;
      const code = refusalCode(error) ?? error.code;
      metrics.onCallRefused(method, code);
      log.warn({ site: caller, method, code, details: error.details }, error.message);
      return;
    }
    case 'call-failed': {
      const { error, caller, method } = event;
      const { message = 'a call failed', advice } = systemFailure(error) ?? {};
      log.error({ err: error, site: caller, method, ...(advice && { advice }) }, message);
      return;
    }
    case 'connection-refused':
      metrics.onConnectionRefused();
      log.warn({ code: event.error.code, ...event.error.details }, event.error.message);
  }
}
