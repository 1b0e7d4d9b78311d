import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { createTelemetry } from './telemetry.js';

describe('the telemetry', () => {
  it('count rounds, updates, refusals and ends of jobs', async () => {
    const telemetry = createTelemetry(() => 2);
    const model = sha256('model');
    const committed = { kind: 'round-committed', round: 1, work: 'train' } as const;
    telemetry.onFact({ ...committed, baseModel: model, model });
    telemetry.onFact({ kind: 'job-failed', reason: 'quorum-not-reached' });
    telemetry.onRoundCommitted(90_000);
    telemetry.onUpdateAccepted(4_000);
    telemetry.onCallRefused('submit', 'delta-not-finite');
    const text = await telemetry.registry.metrics();
    for (const line of [
      'fedvox_rounds_committed_total 1',
      'fedvox_jobs_ended_total{outcome="failed"} 1',
      'fedvox_round_duration_seconds_sum 90',
      'fedvox_update_bytes_total 4000',
      'fedvox_calls_refused_total{method="submit",code="delta-not-finite"} 1',
      'fedvox_sites_seen 2',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });
});
