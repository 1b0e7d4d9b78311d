import { VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { refuse } from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import type { NewRefusal } from '../store/store.js';
import { RefusedUpdates } from './refused-updates.js';

function record() {
  const clock = new VirtualClock();
  const written: NewRefusal[] = [];
  const counted: string[] = [];
  let woken = 0;
  const { state } = submitJob(
    {
      jobId: 'job',
      rounds: 1,
      minSites: 1,
      deadlineMs: 1_000,
      invitedSites: ['north'],
      initialModel: 'a'.repeat(64),
    },
    0,
  );
  const job = { name: 'job', jobSha256: '', submittedAtMs: 0, state, revision: 1 };
  const refused = new RefusedUpdates({
    registry: { find: (id) => (id === 'job' ? job : undefined) },
    store: {
      addRefusal: async (refusal) => {
        written.push(refusal);
        return written.length === 1;
      },
    },
    changes: { changed: () => woken++ },
    onRefused: (reason) => counted.push(reason),
    clock,
    log: silentLogger(),
  });
  return { clock, written, counted, refused, woken: () => woken };
}

describe('refused updates', () => {
  it('are written at once, then added up: a site without end costs a write each ten seconds', async () => {
    const { clock, written, counted, refused, woken } = record();
    const again = () =>
      refused.note('job', 'north', refuse('stale-round', { round: 1, current: 0 }));
    for (let times = 0; times < 1_000; times++) await again();
    expect(written.map(({ times, round }) => [times, round])).toEqual([[1, 0]]);
    clock.leap(10_000);
    await again();
    expect(written.map(({ times }) => times)).toEqual([1, 1_000]);
    expect(counted).toHaveLength(1_001);
    expect(woken()).toBe(1);
  });

  it('are kept apart by reason and site, and what is no refusal of an update is none', async () => {
    const { written, refused } = record();
    await refused.note('job', 'north', refuse('delta-not-finite', { tensor: 'w' }));
    await refused.note('job', 'south', refuse('delta-not-finite', { tensor: 'w' }));
    await refused.note('job', 'north', refuse('wrong-federation'));
    await refused.note('job', 'north', refuse('replayed-statement'));
    await refused.note('another', 'north', refuse('wrong-federation'));
    expect(written.map(({ site, reason }) => `${site} ${reason}`)).toEqual([
      'north delta-not-finite',
      'south delta-not-finite',
      'north wrong-federation',
    ]);
  });
});
