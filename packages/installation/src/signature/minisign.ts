import { createPublicKey, verify } from 'node:crypto';

/**
 * The files of minisign (https://jedisct1.github.io/minisign/): Ed25519 over the BLAKE2b-512 of what is
 * signed. Whoever has no Fedvox yet verifies a release with `minisign -V`, and gets the same answer.
 */
export interface MakerKey {
  /** 16 hexadecimal digits, as minisign writes it. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

export interface MakerSignature {
  /** Of the key that made it. */
  readonly keyId: string;
  /** 64 bytes, over the digest. */
  readonly bytes: Uint8Array;
  /** What the signer says, signed with it. */
  readonly trustedComment: string;
  /** 64 bytes, over signature and comment. */
  readonly commentSignature: Uint8Array;
}

/** What may be wrong with text that should be a key or a signature; in words, for an error's reason. */
export class NotMinisign extends Error {
  override readonly name = 'NotMinisign';
}

const KEY_BYTES = 2 + 8 + 32;
const SIGNATURE_BYTES = 2 + 8 + 64;
const COMMENT = /^untrusted comment: /;
const TRUSTED = /^trusted comment: /;

/** With or without its line of comment. @throws NotMinisign */
export function parsePublicKey(text: string): MakerKey {
  const lines = linesOf(text);
  const encoded = COMMENT.test(lines[0] ?? '') ? lines[1] : lines[0];
  const { algorithm, keyId, rest } = partsOf(encoded, KEY_BYTES, 'the key');
  if (algorithm !== 'Ed') throw new NotMinisign(`its algorithm is ${printed(algorithm)}, not Ed`);
  return { id: keyId, bytes: rest };
}

/** @throws NotMinisign, also for a signature over the file itself rather than its digest */
export function parseSignature(text: string): MakerSignature {
  const [comment = '', encoded, trusted = '', global] = linesOf(text);
  if (!COMMENT.test(comment)) throw new NotMinisign('it does not begin with its untrusted comment');
  const { algorithm, keyId, rest } = partsOf(encoded, SIGNATURE_BYTES, 'the signature');
  if (algorithm !== 'ED') throw new NotMinisign(`its algorithm is ${printed(algorithm)}, not ED`);
  if (!TRUSTED.test(trusted)) throw new NotMinisign('its third line is no trusted comment');
  return {
    keyId,
    bytes: rest,
    trustedComment: trusted.replace(TRUSTED, ''),
    commentSignature: decoded(global, 64, 'the signature of the comment'),
  };
}

/** Whether the file of the signature is as the key's owner left it, whatever it is of. */
export function isWhole(signature: MakerSignature, key: MakerKey): boolean {
  const comment = Buffer.from(signature.trustedComment, 'utf8');
  const signed = Buffer.concat([signature.bytes, comment]);
  return verify(null, signed, keyObject(key), signature.commentSignature);
}

/** Whether it is of what has this BLAKE2b-512 digest (64 bytes). */
export function isOf(digest: Uint8Array, signature: MakerSignature, key: MakerKey): boolean {
  return verify(null, digest, keyObject(key), signature.bytes);
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split(/\r?\n/);
}

function partsOf(encoded: string | undefined, length: number, what: string) {
  const bytes = decoded(encoded, length, what);
  return {
    algorithm: bytes.subarray(0, 2).toString('latin1'),
    keyId: Buffer.from(bytes.subarray(2, 10)).reverse().toString('hex').toUpperCase(),
    rest: bytes.subarray(10),
  };
}

function decoded(encoded: string | undefined, length: number, what: string): Buffer {
  const bytes = Buffer.from(encoded ?? '', 'base64');
  // Node passes over what is not base64.
  if (bytes.length === length && bytes.toString('base64') === encoded) return bytes;
  throw new NotMinisign(`${what} is not ${length} bytes in base64`);
}

const printed = (algorithm: string) => JSON.stringify(algorithm);

function keyObject({ bytes }: MakerKey) {
  const x = Buffer.from(bytes).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
