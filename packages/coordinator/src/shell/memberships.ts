import { assert } from '@fedvox/base';
import { readCertificate } from '@fedvox/pki';
import { orderedBy } from '../core/facts.js';
import type { JobRegistry } from './job-registry.js';
import type { SiteDirectory } from './site-directory.js';

/**
 * No job waits for the site any longer. What it gave before stays.
 * @param by the operator who ordered it
 */
export async function leaveOut(site: string, registry: JobRegistry, by?: string): Promise<void> {
  for (const { state } of registry.all()) {
    await registry.advance(state.plan.jobId, (_, nowMs) => ({
      event: { kind: 'site-revoked', site, nowMs, ...orderedBy(by) },
    }));
  }
}

/** Every job that is meant for the site as well invites it, also one that is under way. */
export async function takeIn(site: string, registry: JobRegistry): Promise<void> {
  for (const { state } of registry.all()) {
    await registry.advance(state.plan.jobId, () => ({ event: { kind: 'site-enrolled', site } }));
  }
}

/** Takes in the site that a certificate chain (DER, its own first) has just been issued to. */
export async function takeInHolder(
  [own]: readonly Uint8Array[],
  registry: JobRegistry,
): Promise<void> {
  assert(own !== undefined, 'a chain begins with the certificate of its holder');
  await takeIn(readCertificate({ raw: own }).identity.name, registry);
}

/** Takes up enrolments and revocations that had not reached every job when the last process ended. */
export async function catchUp(sites: SiteDirectory, registry: JobRegistry): Promise<void> {
  for (const { site, revoked } of await sites.sites()) {
    await (revoked ? leaveOut(site, registry) : takeIn(site, registry));
  }
}
