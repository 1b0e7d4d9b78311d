import { type Credentials, loadCredentials } from '@fedvox/pki';
import { fail } from '../errors.js';
import { readEnrolment } from './enrolment.js';
import { saidVersion } from './folder-version.js';
import type { StateFolder } from './state-folder.js';

/** What makes this site a member: who it is, and where to dial. */
export interface Membership {
  readonly credentials: Credentials;
  /** `host:port` of each coordinator, in the order in which they are dialled. */
  readonly addresses: readonly string[];
}

/**
 * What enrolment left in the state folder, and where the site says that the coordinator is by now.
 * @throws FedvoxError `agent/not-enrolled`, `agent/site-mismatch`, `agent/state-too-new`,
 *   `pki/not-enrolled`, `pki/credentials-unreadable`, `pki/key-exposed`
 */
export async function loadMembership(
  {
    site,
    coordinator,
  }: {
    readonly site: string;
    readonly coordinator?: string | readonly string[] | undefined;
  },
  folder: StateFolder,
): Promise<Membership> {
  await saidVersion(folder);
  const credentials = await loadCredentials(folder.credentials);
  const { name } = credentials.identity;
  if (name !== site) throw fail('site-mismatch', { site, what: 'certificate', other: name });
  const enrolment = await readEnrolment(folder.enrolment);
  if (enrolment === undefined) throw fail('not-enrolled', { site, folder: folder.root });
  return { credentials, addresses: [coordinator ?? enrolment.federationAddress].flat() };
}
