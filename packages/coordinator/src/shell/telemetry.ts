import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { JobFact } from '../core/facts.js';

/** From a demo's seconds to a day of training. */
const ROUND_SECONDS = [1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 24 * 3_600];

/** What a Prometheus server can ask the coordinator; no label ever holds a patient's or case's name. */
export interface Telemetry {
  readonly registry: Registry;
  onFact(fact: JobFact): void;
  onRoundCommitted(durationMs: number): void;
  onUpdateAccepted(byteLength: number): void;
  /** @param reason a refusal's code */
  onUpdateRefused(reason: string): void;
  onCallRefused(method: string, code: string): void;
  onConnectionRefused(): void;
  onIdentityShared(): void;
  /** @param ends when each certificate of the consortium ends */
  watchCertificates(ends: () => readonly CertificateEnd[]): void;
  /** Node's own figures of this process: memory, the event loop. */
  watchProcess(): void;
}

export interface CertificateEnd {
  readonly name: string;
  readonly endsAtMs: number;
}

/** @param seenSites how many sites were heard of lately */
export function createTelemetry(seenSites: () => number): Telemetry {
  const registry = new Registry();
  const registers = [registry];
  const committed = new Counter({
    name: 'fedvox_rounds_committed_total',
    help: 'Rounds whose model is durable.',
    registers,
  });
  const duration = new Histogram({
    name: 'fedvox_round_duration_seconds',
    help: 'From opening a round to committing its model.',
    buckets: ROUND_SECONDS,
    registers,
  });
  const accepted = new Counter({
    name: 'fedvox_updates_accepted_total',
    help: 'Updates that got a receipt.',
    registers,
  });
  const bytes = new Counter({
    name: 'fedvox_update_bytes_total',
    help: 'Bytes of accepted deltas.',
    registers,
  });
  const turnedAway = new Counter({
    name: 'fedvox_updates_refused_total',
    help: 'Updates whose signature held and that were refused, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  const quarantined = new Counter({
    name: 'fedvox_updates_quarantined_total',
    help: 'Updates that were stored and left out of their round’s average, by reason.',
    labelNames: ['reason'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'fedvox_calls_refused_total',
    help: 'Refused calls, by method and refusal.',
    labelNames: ['method', 'code'] as const,
    registers,
  });
  const connections = new Counter({
    name: 'fedvox_connections_refused_total',
    help: 'Connections turned away in their TLS handshake.',
    registers,
  });
  const shared = new Counter({
    name: 'fedvox_identities_shared_total',
    help: 'How often two agents were noticed that speak as one site.',
    registers,
  });
  const ended = new Counter({
    name: 'fedvox_jobs_ended_total',
    help: 'Jobs that completed, failed or were aborted.',
    labelNames: ['outcome'] as const,
    registers,
  });
  new Gauge({
    name: 'fedvox_sites_seen',
    help: 'Sites heard of within the last five minutes.',
    registers,
    collect() {
      this.set(seenSites());
    },
  });
  return {
    registry,
    onFact: (fact) => {
      const { kind } = fact;
      if (fact.kind === 'update-quarantined') quarantined.inc({ reason: fact.reason });
      if (kind === 'round-committed') committed.inc();
      if (kind === 'job-completed' || kind === 'job-failed' || kind === 'job-aborted') {
        ended.inc({ outcome: kind.replace('job-', '') });
      }
    },
    onRoundCommitted: (durationMs) => duration.observe(durationMs / 1_000),
    onUpdateAccepted: (byteLength) => {
      accepted.inc();
      bytes.inc(byteLength);
    },
    onUpdateRefused: (reason) => turnedAway.inc({ reason }),
    onCallRefused: (method, code) => refused.inc({ method, code }),
    watchProcess: () => collectDefaultMetrics({ register: registry }),
    onConnectionRefused: () => connections.inc(),
    onIdentityShared: () => shared.inc(),
    watchCertificates: (ends) => {
      new Gauge({
        name: 'fedvox_certificate_end_timestamp_seconds',
        help: 'When a certificate of the consortium ends, in seconds since the Unix epoch.',
        labelNames: ['certificate'] as const,
        registers,
        collect() {
          for (const { name, endsAtMs } of ends())
            this.set({ certificate: name }, endsAtMs / 1_000);
        },
      });
    },
  };
}
