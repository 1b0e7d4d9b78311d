// Signs as minisign does, with the keys that `minisign -G` makes.
import { createHash, createPrivateKey, createPublicKey, scryptSync, sign } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';

const ENCODED_BYTES = 158;
/** Bytes: algorithm 2, derivation 2, checksum's algorithm 2, salt 32, limits 8 and 8, then what may be encrypted. */
const [SALT_AT, OPERATIONS_AT, MEMORY_AT, SECRET_AT] = [6, 38, 46, 54];
/** PKCS #8's bytes before an Ed25519 seed (RFC 8410). */
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * @typedef {object} SigningKey
 * @property {string} id 16 hexadecimal digits, as minisign writes it
 * @property {Buffer} idBytes
 * @property {import('node:crypto').KeyObject} privateKey
 * @property {Buffer} publicBytes
 */

/**
 * @param {string} path file of a secret key
 * @param {string | undefined} password of a key that has one
 * @returns {SigningKey}
 * @throws Error where it is no key of minisign, or the password is not its password
 */
export function readSigningKey(path, password) {
  const [, encoded = ''] = readFileSync(path, 'utf8').split('\n');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== ENCODED_BYTES || bytes.toString('latin1', 0, 2) !== 'Ed') {
    throw new Error(`${path} is no secret key of minisign`);
  }
  const secret = bytes.subarray(SECRET_AT);
  const plain = bytes[2] === 0 ? secret : decrypted(secret, bytes, path, password);
  const [idBytes, seed, publicBytes] = [
    plain.subarray(0, 8),
    plain.subarray(8, 40),
    plain.subarray(40, 72),
  ];
  const privateKey = createPrivateKey({
    key: Buffer.concat([SEED_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  // A seed gives one public key; with another password than the key's, it is not the one that stands beside it.
  if (!Buffer.from(x, 'base64url').equals(publicBytes)) {
    throw new Error(`${path} is damaged, or FEDVOX_RELEASE_PASSWORD is not its password`);
  }
  const id = Buffer.from(idBytes).reverse().toString('hex').toUpperCase();
  return { id, idBytes, privateKey, publicBytes };
}

function decrypted(secret, bytes, path, password) {
  if (password === undefined || password === '') {
    throw new Error(`${path} has a password: give it as FEDVOX_RELEASE_PASSWORD`);
  }
  const operations = Number(bytes.readBigUInt64LE(OPERATIONS_AT));
  const memory = Number(bytes.readBigUInt64LE(MEMORY_AT));
  const { cost, parallelization } = scryptParameters(operations, memory);
  const stream = scryptSync(password, bytes.subarray(SALT_AT, OPERATIONS_AT), secret.length, {
    cost,
    blockSize: 8,
    parallelization,
    maxmem: 2 * memory,
  });
  return Buffer.from(secret.map((byte, at) => byte ^ stream[at]));
}

/** As libsodium's crypto_pwhash_scryptsalsa208sha256 chooses them from its two limits. */
function scryptParameters(operations, memory) {
  const isSmall = operations < memory / 32;
  const most = isSmall ? operations / 32 : memory / 1024;
  let log = 1;
  while (log < 63 && 2 ** log <= most / 2) log++;
  if (isSmall) return { cost: 2 ** log, parallelization: 1 };
  const product = Math.min(operations / 4 / 2 ** log, 0x3fffffff);
  return { cost: 2 ** log, parallelization: Math.max(1, Math.floor(product / 8)) };
}

/** @param {SigningKey} key @returns {string} what `minisign -G` writes as its .pub */
export function publicKeyText({ id, idBytes, publicBytes }) {
  const encoded = Buffer.concat([Buffer.from('Ed'), idBytes, publicBytes]).toString('base64');
  return `untrusted comment: minisign public key ${id}\n${encoded}\n`;
}

/**
 * Over the BLAKE2b-512 of the file, and then over signature and comment.
 * @param {{path: string, key: SigningKey, comment: string}} options
 * @returns {Promise<string>} what `minisign -S` writes as its .minisig
 */
export async function signatureText({ path, key, comment }) {
  const hash = createHash('blake2b512');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const signature = sign(null, hash.digest(), key.privateKey);
  const whole = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key.privateKey);
  const encoded = Buffer.concat([Buffer.from('ED'), key.idBytes, signature]).toString('base64');
  return [
    `untrusted comment: signature from the key ${key.id}`,
    encoded,
    `trusted comment: ${comment}`,
    `${whole.toString('base64')}\n`,
  ].join('\n');
}
