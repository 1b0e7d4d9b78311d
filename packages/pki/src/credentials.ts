import { createPrivateKey } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '@fedvox/base';
import { makeFolderDurably, writeFileDurably } from '@fedvox/base/system';
import { readCertificate, readPemChain, toX509 } from './certificate.js';
import { fail } from './errors.js';
import type { Identity } from './identity.js';
import { ifPresent, readKeyFile } from './key-file.js';
import { createKeyPair } from './keys.js';

/** All that a site needs to speak for itself. */
export interface Credentials {
  /** PKCS #8. */
  readonly keyPem: string;
  /** The site's certificate first, then its issuers. */
  readonly certificateChainPem: string;
  /** The root that the site trusts. */
  readonly caPem: string;
  readonly identity: Identity;
}

/** Key and chain in one file: a renewal replaces both in one rename, and no crash can part them. */
const CREDENTIALS_FILE = 'credentials.pem';
const CA_FILE = 'ca.pem';
/** The key of an enrolment or renewal that has not been answered yet. */
const PENDING_KEY_FILE = 'pending.key';

/**
 * The key to ask a certificate for: the one already asked with, if an earlier attempt was cut off (its
 * token may be spent on it), or a new one, on disk before anybody hears of it.
 */
export async function loadOrCreatePendingKey(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, PENDING_KEY_FILE);
  const existing = await ifPresent(readKeyFile(file));
  if (existing !== undefined) return existing;
  const { privateKeyPem } = await createKeyPair();
  await writeFileDurably(file, privateKeyPem, { mode: 0o600 });
  return privateKeyPem;
}

/**
 * Keeps credentials durably, the key readable by their owner only, and retires the pending key.
 * @throws FedvoxError `pki/credentials-unreadable` before anything is written, where they do not fit
 */
export async function saveCredentials(
  folder: string,
  credentials: Omit<Credentials, 'identity'>,
): Promise<Credentials> {
  const file = join(folder, CREDENTIALS_FILE);
  const identity = checkCredentials(credentials, file);
  await makeFolderDurably(folder);
  await writeFileDurably(join(folder, CA_FILE), credentials.caPem);
  const bundle = withNewline(credentials.keyPem) + withNewline(credentials.certificateChainPem);
  await writeFileDurably(file, bundle, { mode: 0o600 });
  await rm(join(folder, PENDING_KEY_FILE), { force: true });
  return { ...credentials, identity };
}

/**
 * @throws FedvoxError `pki/not-enrolled`, `pki/credentials-unreadable`, `pki/key-exposed`
 */
export async function loadCredentials(folder: string): Promise<Credentials> {
  const file = join(folder, CREDENTIALS_FILE);
  const bundle = await ifPresent(readKeyFile(file));
  const caPem = await ifPresent(readFile(join(folder, CA_FILE), 'utf8'));
  if (bundle === undefined || caPem === undefined) throw fail('not-enrolled', { folder });
  const chainStart = bundle.indexOf('-----BEGIN CERTIFICATE-----');
  if (chainStart < 0)
    throw fail('credentials-unreadable', { file, reason: 'no certificate in it' });
  const parts = {
    keyPem: bundle.slice(0, chainStart),
    certificateChainPem: bundle.slice(chainStart),
    caPem,
  };
  return { ...parts, identity: checkCredentials(parts, file) };
}

/** Key, certificate and root belong together; expiry is for the peers to judge, by their clocks. */
function checkCredentials(parts: Omit<Credentials, 'identity'>, file: string): Identity {
  try {
    const [leaf] = readPemChain(parts.certificateChainPem);
    if (!leaf!.checkPrivateKey(createPrivateKey(parts.keyPem))) {
      throw new Error('the private key belongs to another certificate');
    }
    if (!leaf!.verify(toX509(parts.caPem).publicKey)) {
      throw new Error('the consortium root did not sign the certificate');
    }
    return readCertificate(leaf!).identity;
  } catch (cause) {
    throw fail('credentials-unreadable', { file, reason: errorText(cause) }, { cause });
  }
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
