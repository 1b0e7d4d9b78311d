import type { Command } from 'commander';
import { byteText } from '../byte-text.js';
import type { Terminal } from '../terminal.js';
import { act, type CommonOptions } from './action.js';

interface VerifyReleaseOptions extends CommonOptions {
  readonly key?: string;
}

export function addVerifyReleaseCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command('verify-release <archive>')
    .description('whether an archive of Fedvox is as its maker signed it, every file of it')
    .option('--key <file>', 'the maker’s public key, if not the one that this Fedvox came with');
  act<VerifyReleaseOptions, [string]>(command, terminal, async (output, { key }, archive) => {
    const { verifyRelease } = await import('@fedvox/installation');
    const verified = await verifyRelease(archive, { keyPath: key });
    const { keyId, comment, files, bytes } = verified;
    output.result(
      verified,
      [
        `${archive} is as the key ${keyId} signed it: ${files} files, ${byteText(bytes)}, each by its checksum.`,
        `The signer says: ${comment}`,
      ].join('\n'),
    );
  });
}
