import { join } from 'node:path';
import type { CoordinatorClient } from '@fedvox/coordinator';
import { type Command, Option } from 'commander';
import { fail } from '../errors.js';
import { readText } from '../read-text.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { CommonOptions } from './action.js';

export interface OperatorOptions extends CommonOptions {
  readonly coordinator: string;
  readonly consortium: string;
  /** Tells the person something besides the result; each sentence once. */
  readonly warn?: (text: string) => void;
}

/** Gives a command what it takes to speak to the coordinator as its operator. */
export function withOperator(command: Command): Command {
  return command
    .hook('preAction', (_, action) => {
      const told = new Set<string>();
      action.setOptionValue('warn', (text: string) => {
        if (!told.has(text)) action.configureOutput().writeErr?.(`warning: ${text}\n`);
        told.add(text);
      });
    })
    .addOption(
      new Option('--coordinator <host:port>', 'where the coordinator serves operators')
        .env('FEDVOX_COORDINATOR')
        .default('localhost:8445'),
    )
    .addOption(
      new Option('--consortium <folder>', 'the folder with the operator’s certificate and key')
        .env('FEDVOX_CONSORTIUM')
        .default('consortium'),
    );
}

/**
 * Speaks to the coordinator as its operator.
 * @throws FedvoxError `cli/file-unreadable` where the folder lacks the operator's certificate,
 *   `cli/operator-certificate-ended`
 */
export async function asOperator<T>(
  { coordinator, consortium, warn = () => undefined }: OperatorOptions,
  speak: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const { CoordinatorClient } = await import('@fedvox/coordinator');
  const { endWarning, readIdentity } = await import('@fedvox/pki');
  const read = (file: string) => readText(join(consortium, file));
  const certificatePem = await read('operator.pem');
  const caPem = await read('ca.pem');
  await refuseIfEnded(join(consortium, 'operator.pem'), certificatePem);
  const warnOf = (whose: string, certificate: string | Uint8Array, advice: string) => {
    const warning = endWarning(whose, certificate, SURROUNDINGS.clock.nowMs());
    if (warning !== undefined) warn(`${warning}: ${advice}`);
  };
  warnOf('the operator’s certificate', certificatePem, RENEW);
  warnOf('the consortium’s root', caPem, 'found a new consortium and enrol the sites there');
  const client = new CoordinatorClient({
    address: coordinator,
    federation: readIdentity(certificatePem).federation,
    caPem,
    certificatePem,
    keyPem: await read('operator.key'),
  });
  try {
    return await speak(client);
  } finally {
    const shown = client.coordinatorCertificate;
    if (shown !== undefined) warnOf('the coordinator’s certificate', shown, RENEW);
    client.close();
  }
}

const RENEW = 'run "fedvox consortium renew" where ca.key is, and restart the coordinator';

async function refuseIfEnded(path: string, certificatePem: string): Promise<void> {
  const { dayOf, termOf } = await import('@fedvox/pki');
  const { state, endsAtMs } = termOf(certificatePem, SURROUNDINGS.clock.nowMs());
  if (state === 'ended') throw fail('operator-certificate-ended', { path, until: dayOf(endsAtMs) });
}
