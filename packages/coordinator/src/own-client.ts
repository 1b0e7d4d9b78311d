import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAddress } from '@fedvox/base/system';
import { CoordinatorClient } from './client/coordinator-client.js';
import type { CoordinatorConfig } from './config.js';

/**
 * The coordinator's own host as a caller of the coordinator that runs on it, by the key that it serves
 * by: for its health and a snapshot. Whoever asks for it closes it.
 * @param address `host:port`; by the configuration where absent
 */
export async function ownClient(
  { federation, consortiumDir, publicHost, listen }: CoordinatorConfig,
  address = formatAddress({ host: publicHost, port: listen.httpPort }),
): Promise<CoordinatorClient> {
  const read = (file: string) => readFile(join(consortiumDir, file), 'utf8');
  return new CoordinatorClient({
    address,
    federation,
    caPem: await read('ca.pem'),
    certificatePem: await read('coordinator.pem'),
    keyPem: await read('coordinator.key'),
  });
}
