// What a federation of the bench stands on: a consortium, sites that hold certificates of it, a model
// and one delta for each site, all in one folder.
import { createHash } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyPair, initConsortium, issueCertificate, keyId, toX509 } from '@fedvox/pki';
import { encodeHeader } from '@fedvox/weights';
import { openStore } from '../../dist/store/open-store.js';

export const FEDERATION = 'bench';
const DAY_MS = 86_400_000;
/** Of a model's tensors, each 4 MB; the last is what is left. */
const VALUES_PER_TENSOR = 1_000_000;

export const siteName = (k) => `site-${String(k).padStart(4, '0')}`;

/** What every world of a run shares: keys take seconds to make. */
export async function makeConsortium(folder) {
  const consortiumDir = join(folder, 'consortium');
  const nowMs = Date.now();
  const hosts = ['localhost'];
  const [consortium, key] = await Promise.all([
    initConsortium({ folder: consortiumDir, federation: FEDERATION, hosts, nowMs }),
    createKeyPair(),
  ]);
  return { consortiumDir, consortium, key };
}

/** A state folder in which so many sites are enrolled, all under one key: the bench is about bytes. */
export async function makeWorld(folder, { consortiumDir, consortium, key }, siteCount) {
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const nowMs = Date.now();
  const sites = [];
  for (let k = 0; k < siteCount; k++) {
    const name = siteName(k);
    const issued = await issueCertificate({
      authority: consortium.authority,
      publicKeyPem: key.publicKeyPem,
      identity: { federation: FEDERATION, role: 'site', name },
      validDays: 1,
      nowMs,
    });
    sites.push({ name, ...issued });
  }
  const store = await openStore(stateDir);
  for (const { name: site, serial, certificatePem } of sites) {
    const tokenHash = createHash('sha256').update(site).digest('hex');
    const terms = { createdAtMs: nowMs, expiresAtMs: nowMs + DAY_MS, replaces: false };
    await store.addInvitation({ tokenHash, site, ...terms });
    const certificate = { serial, site, certificatePem, issuedAtMs: nowMs };
    const of = { ...certificate, keyId: keyId(toX509(certificatePem).publicKey) };
    await store.spendInvitation(tokenHash, of, []);
  }
  await store.close();
  return {
    folder,
    stateDir,
    consortiumDir,
    federation: FEDERATION,
    caPem: consortium.authority.certificatePem,
    keyPem: key.privateKeyPem,
    sites: sites.map(({ name, certificatePem }) => ({ name, certificatePem })),
  };
}

export function specsOf(megabytes) {
  const count = Math.round(megabytes * 250_000);
  return Array.from({ length: Math.ceil(count / VALUES_PER_TENSOR) }, (_, k) => ({
    name: `block.${String(k).padStart(4, '0')}.weight`,
    shape: [Math.min(VALUES_PER_TENSOR, count - k * VALUES_PER_TENSOR)],
  }));
}

/** Small values that repeat after a prime number of them, so that no two files or tensors are alike. */
const PERIOD = 1_048_573;
const VALUES = smallValues();

function smallValues() {
  const values = new Float32Array(2 * PERIOD);
  // The same in every process of the bench: xorshift32.
  let bits = 1;
  for (let i = 0; i < PERIOD; i++) {
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    values[i] = bits / 2 ** 32 / 100;
  }
  values.copyWithin(PERIOD, 0, PERIOD);
  return values;
}

/** The bytes of the weights that a seed stands for, in pieces of at most `pieceBytes`. */
export function* weightBytes(specs, seed, pieceBytes = 2 ** 20) {
  const { header } = encodeHeader(specs);
  yield header;
  let at = (seed * 7_919) % PERIOD;
  for (const { shape } of specs) {
    for (let from = 0; from < shape[0]; from += pieceBytes / 4) {
      const length = Math.min(pieceBytes / 4, shape[0] - from, PERIOD);
      const piece = VALUES.subarray(at, at + length);
      yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
      at = (at + length) % PERIOD;
    }
  }
}

export function digestOf(specs, seed) {
  const hash = createHash('sha256');
  let byteLength = 0;
  for (const piece of weightBytes(specs, seed)) {
    hash.update(piece);
    byteLength += piece.byteLength;
  }
  return { sha256: hash.digest('hex'), byteLength };
}

export async function writeWeights(path, specs, seed) {
  const file = await open(path, 'w');
  for (const piece of weightBytes(specs, seed)) await file.writeFile(piece);
  await file.close();
}

export async function saveWorld(world) {
  const path = join(world.folder, 'world.json');
  await writeFile(path, JSON.stringify(world));
  return path;
}
