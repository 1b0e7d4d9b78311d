import { createHash, randomBytes } from 'node:crypto';
import { NAME_PATTERN, type Sha256 } from '@fedvox/base';
import { z } from 'zod';
import { toX509 } from './certificate.js';
import { fail } from './errors.js';

const TOKEN_BYTES = 32;
/** An invitation is about 2 KiB; nobody mails a larger one. */
const MAX_INVITATION_CHARACTERS = 64 * 1024;

const name = z.string().regex(NAME_PATTERN, 'must be a name such as "hospital-north"');
const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/[\]]+):\d{1,5}$/, 'must be host:port');

const invitationSchema = z.strictObject({
  kind: z.literal('fedvox/invitation/v1'),
  federation: name,
  site: name,
  /** Where the token is exchanged for a certificate. */
  enrollmentAddress: address,
  /** Where the site dials from then on. */
  federationAddress: address,
  /** The consortium's root: the site trusts this and no other. */
  caCertificatePem: z.string().refine(isCertificate, 'must be a PEM certificate'),
  /** One use only. Whoever holds it can enrol as this site: pass the file on as one would a password. */
  token: z.string().min(1).max(256),
  expiresAt: z.iso.datetime(),
});

/** What an operator hands to a hospital: all that a site needs to enrol, in one file. */
export type Invitation = z.output<typeof invitationSchema>;

/** The text of an invitation file (JSON). */
export function createInvitation(invitation: Omit<Invitation, 'kind'>): string {
  const whole = invitationSchema.parse({ kind: 'fedvox/invitation/v1', ...invitation });
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** @throws FedvoxError `pki/invitation-unreadable`, `pki/invitation-expired` */
export function parseInvitation(text: string, nowMs: number): Invitation {
  const parsed = invitationSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const reason = parsed.error.issues
      .map((issue) => `${issue.path.join('.') || '(top level)'}: ${issue.message}`)
      .join('; ');
    throw fail('invitation-unreadable', { reason }, { cause: parsed.error });
  }
  const { site, expiresAt } = parsed.data;
  if (Date.parse(expiresAt) <= nowMs) throw fail('invitation-expired', { site, expiresAt });
  return parsed.data;
}

/** A new one-time token: 256 random bits, under a prefix that secret scanners can look for. */
export function newToken(): string {
  return `fedvox-invite-${randomBytes(TOKEN_BYTES).toString('base64url')}`;
}

/** What the coordinator keeps of a token. Its 256 random bits need no salt and no slow hash. */
export function hashToken(token: string): Sha256 {
  return createHash('sha256').update(token).digest('hex');
}

function parseJson(text: string): unknown {
  if (text.length > MAX_INVITATION_CHARACTERS) {
    throw fail('invitation-unreadable', { reason: `${text.length} characters are too many` });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fail('invitation-unreadable', { reason: 'it is not JSON' }, { cause });
  }
}

function isCertificate(pem: string): boolean {
  try {
    toX509(pem);
    return true;
  } catch {
    return false;
  }
}
