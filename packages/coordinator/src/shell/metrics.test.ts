import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';

describe('the metrics', () => {
  it('count rounds, updates, refusals and ends of jobs', async () => {
    const metrics = createMetrics(() => 2);
    const model = sha256('model');
    const committed = { kind: 'round-committed', round: 1, work: 'train' } as const;
    metrics.onFact({ ...committed, baseModel: model, model });
    metrics.onFact({ kind: 'job-failed', reason: 'quorum-not-reached' });
    metrics.onRoundCommitted(90_000);
    metrics.onUpdateAccepted(4_000);
    metrics.onCallRefused('submit', 'delta-not-finite');
    const text = await metrics.registry.metrics();
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
