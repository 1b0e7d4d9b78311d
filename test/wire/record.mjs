// Records the wire bytes of new messages in messages.json: those that have no "hex" yet.
// The bytes are made by `buf convert` from the message's protobuf JSON, never by our own codec.
//   node test/wire/record.mjs
// Bytes that stand there are never made again: peers in the field send exactly them.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const goldenPath = fileURLToPath(new URL('messages.json', import.meta.url));
const protoFolder = fileURLToPath(new URL('../../proto', import.meta.url));
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

const messages = JSON.parse(readFileSync(goldenPath, 'utf8'));
for (const [name, message] of Object.entries(messages)) {
  if (message.hex !== undefined) continue;
  const args = ['convert', '.', '--type', message.type, '--from', '-#format=json'];
  const { status, stdout, stderr } = spawnSync(buf, [...args, '--to', '-#format=binpb'], {
    cwd: protoFolder,
    input: JSON.stringify(message.json),
  });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  message.hex = stdout.toString('hex');
}
writeFileSync(goldenPath, `${JSON.stringify(messages, null, 2)}\n`);
