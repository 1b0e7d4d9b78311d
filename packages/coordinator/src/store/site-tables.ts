import type { Sha256 } from '@fedvox/base';
import type { SqlSession } from './sql-database.js';
import type {
  NewCertificate,
  NewInvitation,
  StoredCertificate,
  StoredInvitation,
  TakenUpRevocation,
} from './store.js';

export async function insertInvitation(
  session: SqlSession,
  { tokenHash, site, createdAtMs, expiresAtMs, replaces }: NewInvitation,
): Promise<void> {
  await session.run(
    `UPDATE invitations SET replaced_at_ms = ?
     WHERE site = ? AND used_serial IS NULL AND replaced_at_ms IS NULL`,
    createdAtMs,
    site,
  );
  await session.run(
    `INSERT INTO invitations (token_hash, site, created_at_ms, expires_at_ms, replaces)
     VALUES (?, ?, ?, ?, ?)`,
    tokenHash,
    site,
    createdAtMs,
    expiresAtMs,
    replaces ? 1 : 0,
  );
}

interface InvitationRow {
  readonly token_hash: Sha256;
  readonly site: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
  readonly used_serial: string | null;
  readonly replaces: number;
  readonly replaced_at_ms: number | null;
}

export async function selectInvitation(
  session: SqlSession,
  tokenHash: Sha256,
): Promise<StoredInvitation | undefined> {
  const row = await session.get<InvitationRow>(
    'SELECT * FROM invitations WHERE token_hash = ?',
    tokenHash,
  );
  if (row === undefined) return undefined;
  const spentOn =
    row.used_serial === null ? null : await selectCertificate(session, row.used_serial);
  return {
    tokenHash,
    site: row.site,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    replaces: row.replaces === 1,
    spentOn,
    isReplaced: row.replaced_at_ms !== null,
  };
}

export async function selectOpenInvitations(session: SqlSession, nowMs: number): Promise<string[]> {
  const rows = await session.all<Pick<InvitationRow, 'site'>>(
    `SELECT DISTINCT site FROM invitations
     WHERE used_serial IS NULL AND expires_at_ms > ? ORDER BY site`,
    nowMs,
  );
  return rows.map(({ site }) => site);
}

export async function spendInvitation(
  session: SqlSession,
  tokenHash: Sha256,
  certificate: NewCertificate,
  replacedSerials: readonly string[],
): Promise<boolean> {
  const { changes } = await session.run(
    `UPDATE invitations SET used_serial = ?
     WHERE token_hash = ? AND site = ? AND used_serial IS NULL AND replaced_at_ms IS NULL
       AND expires_at_ms > ?`,
    certificate.serial,
    tokenHash,
    certificate.site,
    certificate.issuedAtMs,
  );
  if (changes === 0) return false;
  await revokeSerials(session, certificate.site, replacedSerials, certificate.issuedAtMs);
  await insertCertificate(session, certificate);
  return true;
}

export async function insertRenewal(
  session: SqlSession,
  shownSerial: string,
  certificate: NewCertificate,
): Promise<boolean> {
  // In the same transaction: a revocation that came between would never reach the new certificate.
  const shown = await selectCertificate(session, shownSerial);
  if (shown === null || shown.revokedAtMs !== null) return false;
  await insertCertificate(session, certificate);
  return true;
}

async function insertCertificate(
  session: SqlSession,
  { serial, site, keyId, certificatePem, issuedAtMs }: NewCertificate,
): Promise<void> {
  await session.run(
    `INSERT INTO certificates (serial, site, key_id, certificate_pem, issued_at_ms)
     VALUES (?, ?, ?, ?, ?)`,
    serial,
    site,
    keyId,
    certificatePem,
    issuedAtMs,
  );
}

interface CertificateRow {
  readonly serial: string;
  readonly site: string;
  readonly key_id: Sha256;
  readonly certificate_pem: string;
  readonly issued_at_ms: number;
  readonly revoked_at_ms: number | null;
}

export async function selectCertificates(session: SqlSession): Promise<StoredCertificate[]> {
  const rows = await session.all<CertificateRow>(
    'SELECT * FROM certificates ORDER BY site, issued_at_ms, serial',
  );
  return rows.map(certificateOf);
}

async function selectCertificate(
  session: SqlSession,
  serial: string,
): Promise<StoredCertificate | null> {
  const row = await session.get<CertificateRow>(
    'SELECT * FROM certificates WHERE serial = ?',
    serial,
  );
  return row === undefined ? null : certificateOf(row);
}

export async function selectHolders(session: SqlSession, keyId: Sha256): Promise<string[]> {
  const rows = await session.all<{ name: string }>(
    `SELECT site AS name FROM certificates WHERE key_id = ?
     UNION SELECT name FROM operators WHERE key_id = ? ORDER BY name`,
    keyId,
    keyId,
  );
  return rows.map(({ name }) => name);
}

export async function takeUpRevocation(
  session: SqlSession,
  { site, serials, atMs }: TakenUpRevocation,
): Promise<void> {
  await revokeSerials(session, site, serials, atMs);
  await session.run(
    'UPDATE invitations SET expires_at_ms = ? WHERE site = ? AND expires_at_ms > ? AND created_at_ms < ?',
    atMs,
    site,
    atMs,
    atMs,
  );
}

async function revokeSerials(
  session: SqlSession,
  site: string,
  serials: readonly string[],
  atMs: number,
): Promise<void> {
  for (const serial of serials) {
    await session.run(
      `UPDATE certificates SET revoked_at_ms = ?
       WHERE serial = ? AND site = ? AND revoked_at_ms IS NULL`,
      atMs,
      serial,
      site,
    );
  }
}

export async function revokeSite(
  session: SqlSession,
  site: string,
  atMs: number,
): Promise<string[]> {
  await session.run(
    'UPDATE certificates SET revoked_at_ms = ? WHERE site = ? AND revoked_at_ms IS NULL',
    atMs,
    site,
  );
  // A token still out would let the site back in by itself.
  await session.run(
    'UPDATE invitations SET expires_at_ms = ? WHERE site = ? AND expires_at_ms > ?',
    atMs,
    site,
    atMs,
  );
  const rows = await session.all<{ serial: string }>(
    'SELECT serial FROM certificates WHERE site = ? ORDER BY serial',
    site,
  );
  return rows.map(({ serial }) => serial);
}

function certificateOf(row: CertificateRow): StoredCertificate {
  return {
    serial: row.serial,
    site: row.site,
    keyId: row.key_id,
    certificatePem: row.certificate_pem,
    issuedAtMs: row.issued_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
