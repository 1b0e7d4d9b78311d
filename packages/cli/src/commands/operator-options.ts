import { join } from 'node:path';
import type { CoordinatorClient } from '@fedvox/coordinator';
import { type Command, Option } from 'commander';
import { readText } from '../read-text.js';
import type { CommonOptions } from './action.js';

export interface OperatorOptions extends CommonOptions {
  readonly coordinator: string;
  readonly consortium: string;
}

/** Gives a command what it takes to speak to the coordinator as its operator. */
export function withOperator(command: Command): Command {
  return command
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
 * @throws FedvoxError `cli/file-unreadable` where the folder lacks the operator's certificate
 */
export async function asOperator<T>(
  { coordinator, consortium }: OperatorOptions,
  speak: (client: CoordinatorClient) => Promise<T>,
): Promise<T> {
  const { CoordinatorClient } = await import('@fedvox/coordinator');
  const { readIdentity } = await import('@fedvox/pki');
  const read = (file: string) => readText(join(consortium, file));
  const certificatePem = await read('operator.pem');
  const client = new CoordinatorClient({
    address: coordinator,
    federation: readIdentity(certificatePem).federation,
    caPem: await read('ca.pem'),
    certificatePem,
    keyPem: await read('operator.key'),
  });
  try {
    return await speak(client);
  } finally {
    client.close();
  }
}
