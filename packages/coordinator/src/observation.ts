import type { Clock, FedvoxError } from '@fedvox/base';
import { type Logger, systemFailure } from '@fedvox/base/system';
import { refusalCode } from '@fedvox/protocol';
import type { ServerEvent } from '@fedvox/transport';
import { concerned } from './core/facts.js';
import type { LogRation } from './log-ration.js';
import type { ChangeSignal } from './shell/change-signal.js';
import type { JobRegistry } from './shell/job-registry.js';
import type { Telemetry } from './shell/telemetry.js';
import type { Store } from './store/store.js';

interface Watchers {
  readonly changes: ChangeSignal;
  readonly telemetry: Telemetry;
  readonly store: Store;
  readonly log: Logger;
}

/** One log line and one count for each thing that happened, and a wake-up for whoever waits for it. */
export function watchProgress(
  registry: JobRegistry,
  { changes, telemetry, store, log }: Watchers,
): void {
  registry.onProgress(({ job, facts }) => {
    const { jobId } = job.state.plan;
    for (const fact of facts) {
      log.info({ job: jobId, ...fact }, fact.kind);
      telemetry.onFact(fact);
      if (fact.kind === 'round-committed') {
        observeDuration(jobId, fact.round, { telemetry, store }).catch((error) =>
          log.warn({ err: error, job: jobId }, 'a round’s duration could not be read'),
        );
      }
    }
    changes.changed(concerned(facts, job.state));
  });
}

async function observeDuration(
  jobId: string,
  number: number,
  { telemetry, store }: Pick<Watchers, 'telemetry' | 'store'>,
): Promise<void> {
  const round = (await store.rounds(jobId)).find((stored) => stored.round === number);
  if (round === undefined || round.committedAtMs === null) return;
  telemetry.onRoundCommitted(round.committedAtMs - round.openedAtMs);
}

export interface ServerWatchers {
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** So that nobody fills the disk by being refused: every event is counted, a few are written. */
  readonly ration: LogRation;
}

/** What was refused or broke, for the log and the telemetry. */
export function observeServer(event: ServerEvent, watchers: ServerWatchers): void {
  const { log, telemetry, clock, ration } = watchers;
  const { isWritten, leftOut } = ration.take(kindOf(event), clock.nowMs());
  const more = leftOut > 0 ? { leftOut } : {};
  switch (event.kind) {
    case 'call-refused': {
      const { method, caller, error } = event;
      const code = codeOf(error);
      telemetry.onCallRefused(method, code);
      if (!isWritten) return;
      log.warn({ site: caller, method, code, details: error.details, ...more }, error.message);
      return;
    }
    case 'call-failed': {
      const { error, caller, method } = event;
      if (!isWritten) return;
      const { message = 'a call failed', advice } = systemFailure(error) ?? {};
      log.error({ err: error, site: caller, method, ...(advice && { advice }), ...more }, message);
      return;
    }
    case 'connection-refused': {
      const { code, details, message } = event.error;
      telemetry.onConnectionRefused();
      if (isWritten) log.warn({ code, ...details, ...more }, message);
    }
  }
}

/** Lines of one kind share a ration. Strangers together, since any of them has many addresses. */
function kindOf(event: ServerEvent): string {
  if (event.kind === 'connection-refused') return event.error.code;
  const what = event.kind === 'call-refused' ? codeOf(event.error) : event.kind;
  return event.method === 'enroll' ? `enroll ${what}` : `${event.caller} ${event.method} ${what}`;
}

const codeOf = (error: FedvoxError) => refusalCode(error) ?? error.code;
