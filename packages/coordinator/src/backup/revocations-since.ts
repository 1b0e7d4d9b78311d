import { fail } from '../errors.js';
import type { RevocationEntry } from '../store/revocation-file.js';
import type { Store } from '../store/store.js';

type Members = Pick<Store, 'certificates' | 'operators' | 'unspentInvitations'>;

/**
 * Why the file of revocations cannot be the newest one beside this state: it is not there, or lacks what
 * the state knows. Null where nothing speaks against it.
 */
export async function revocationsLackedBy(
  entries: readonly RevocationEntry[] | null,
  store: Members,
): Promise<string | null> {
  if (entries === null) return 'it is not there';
  const serials = new Set(entries.flatMap((entry) => ('site' in entry ? entry.serials : [])));
  const keys = new Set<string>(entries.flatMap((entry) => ('operator' in entry ? entry.keys : [])));
  const lacking = new Set<string>();
  for (const { serial, site, revokedAtMs } of await store.certificates()) {
    if (revokedAtMs !== null && !serials.has(serial)) lacking.add(site);
  }
  for (const { keyId, name, revokedAtMs } of await store.operators()) {
    if (revokedAtMs !== null && !keys.has(keyId)) lacking.add(name);
  }
  if (lacking.size === 0) return null;
  return `it is older than the backup, which knows that these were revoked: ${[...lacking].join(', ')}`;
}

/**
 * What is to be written down of sites and operators that a person says were revoked.
 * @throws FedvoxError `coordinator/no-such-member` for a name that the state does not know
 */
export async function entriesFor(
  names: readonly string[],
  store: Members,
  nowMs: number,
): Promise<readonly RevocationEntry[]> {
  const at = new Date(nowMs).toISOString();
  const certificates = await store.certificates();
  const operators = await store.operators();
  const invited = new Set((await store.unspentInvitations()).map(({ site }) => site));
  return names.flatMap((name): RevocationEntry[] => {
    const serials = certificates.flatMap(({ site, serial }) => (site === name ? [serial] : []));
    const keys = operators.flatMap((each) => (each.name === name ? [each.keyId] : []));
    if (serials.length + keys.length === 0 && !invited.has(name)) {
      throw fail('no-such-member', { name });
    }
    const isSite = serials.length > 0 || invited.has(name);
    return [
      ...(isSite ? [{ site: name, serials, at, why: 'revoked' as const }] : []),
      ...(keys.length > 0 ? [{ operator: name, keys: [...new Set(keys)], at }] : []),
    ];
  });
}
