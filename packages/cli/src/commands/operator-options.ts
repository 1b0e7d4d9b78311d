import { join } from 'node:path';
import { errorText, isFedvoxError } from '@fedvox/base';
import type { CoordinatorClient } from '@fedvox/coordinator/client';
import type { OperatorFiles } from '@fedvox/pki';
import { type Command, Option } from 'commander';
import { fail } from '../errors.js';
import { SURROUNDINGS } from '../surroundings.js';
import type { CommonOptions } from './action.js';

export interface OperatorOptions extends CommonOptions {
  readonly coordinator: string;
  /** The folder with the operator's own files. */
  readonly operator: string;
  /** The consortium's folder, whose operator is meant: how it was said before they had a folder of their own. */
  readonly consortium?: string;
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
    .addOption(operatorFolder())
    .addOption(new Option('--consortium <folder>').env('FEDVOX_CONSORTIUM').hideHelp());
}

/** Where an operator's or an observer's own key and certificate lie. */
export function operatorFolder(): Option {
  return new Option('--operator <folder>', 'the folder with your own certificate and key')
    .env('FEDVOX_OPERATOR')
    .default('consortium-operator');
}

/**
 * Speaks to the coordinator as its operator, whose certificate is renewed where that is due.
 * @throws FedvoxError `pki/operator-incomplete`, `pki/operator-inconsistent`,
 *   `cli/operator-certificate-ended`
 */
export async function asOperator<T>(
  { coordinator, operator, consortium, warn = () => undefined }: OperatorOptions,
  speak: (client: CoordinatorClient, certificatePem: string) => Promise<T>,
): Promise<T> {
  const { CoordinatorClient } = await import('@fedvox/coordinator/client');
  const { endWarning, loadOperator, operatorFolderOf, readIdentity } = await import('@fedvox/pki');
  const folder = consortium === undefined ? operator : await operatorFolderOf(consortium);
  const files = await loadOperator(folder);
  const { certificatePem, caPem } = files;
  await refuseIfEnded(join(folder, 'operator.pem'), certificatePem);
  const warnOf = (whose: string, certificate: string | Uint8Array, advice: string) => {
    const warning = endWarning(whose, certificate, SURROUNDINGS.clock.nowMs());
    if (warning !== undefined) warn(`${warning}: ${advice}`);
  };
  warnOf('the consortium’s root', caPem, 'found a new consortium and enrol the sites there');
  const client = new CoordinatorClient({
    address: coordinator,
    federation: readIdentity(certificatePem).federation,
    ...files,
  });
  try {
    const present = await renewed(folder, files, client, warn);
    warnOf('your certificate', present, RENEW);
    return await speak(client, present);
  } finally {
    const shown = client.coordinatorCertificate;
    if (shown !== undefined) warnOf('the coordinator’s certificate', shown, RENEW);
    client.close();
  }
}

const RENEW = 'run "fedvox consortium renew" where ca.key is, and restart the coordinator';

/** What cannot be renewed now still counts: that it could not is told, and the command goes on. */
async function renewed(
  folder: string,
  files: OperatorFiles,
  client: CoordinatorClient,
  warn: (text: string) => void,
): Promise<string> {
  const { needsRenewal, saveOperator } = await import('@fedvox/pki');
  const { certificatePem } = files;
  if (!needsRenewal(certificatePem, SURROUNDINGS.clock.nowMs())) return certificatePem;
  try {
    const answer = await client.renewOperator();
    await saveOperator(folder, { ...files, certificatePem: answer.certificatePem });
    return answer.certificatePem;
  } catch (error) {
    // That nobody answers is told by the call that follows.
    if (!isFedvoxError(error, 'coordinator/coordinator-unreachable')) {
      warn(`your certificate could not be renewed: ${errorText(error)}`);
    }
    return certificatePem;
  }
}

async function refuseIfEnded(path: string, certificatePem: string): Promise<void> {
  const { dayOf, termOf } = await import('@fedvox/pki');
  const { state, endsAtMs } = termOf(certificatePem, SURROUNDINGS.clock.nowMs());
  if (state === 'ended') throw fail('operator-certificate-ended', { path, until: dayOf(endsAtMs) });
}
