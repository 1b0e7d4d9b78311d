import type { JobRegistry } from './job-registry.js';
import type { SiteDirectory } from './site-directory.js';

/** No job waits for the site any longer. What it gave before stays. */
export async function leaveOut(site: string, registry: JobRegistry): Promise<void> {
  for (const { state } of registry.all()) {
    await registry.advance(state.plan.jobId, (_, nowMs) => ({
      event: { kind: 'site-revoked', site, nowMs },
    }));
  }
}

/** Takes up revocations that had not reached every job when the last process ended. */
export async function leaveOutRevoked(sites: SiteDirectory, registry: JobRegistry): Promise<void> {
  for (const { site, revoked } of await sites.sites()) {
    if (revoked) await leaveOut(site, registry);
  }
}
