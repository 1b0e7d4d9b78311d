import type { Sha256 } from '@fedvox/base';
import type { Store } from '../store/store.js';

/** Every digest that a row names and whose bytes were not removed on purpose. */
export async function namedBlobs(store: Store): Promise<readonly Sha256[]> {
  const digests = new Set<Sha256>();
  for (const { jobSha256, state } of await store.jobs()) {
    const { jobId, initialModel } = state.plan;
    for (const digest of [jobSha256, initialModel]) digests.add(digest);
    for (const { baseModel, model, serverState } of await store.rounds(jobId)) {
      for (const digest of [baseModel, model, serverState]) {
        if (digest !== null) digests.add(digest);
      }
    }
    for (const { sha256 } of await store.deltas(jobId)) digests.add(sha256);
  }
  const present: Sha256[] = [];
  for (const digest of [...digests].sort()) {
    if ((await store.removedAtMs(digest)) === undefined) present.push(digest);
  }
  return present;
}
