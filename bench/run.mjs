// Runs one workload beside its peer: npm run bench -- NAME [--json] [workload options]
// A workload is bench/NAME.mjs with `export async function run({ json, args, log })` that returns
// `{ figures: { name: number } }`.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { json: { type: 'boolean', default: false } },
});
const [name] = positionals;
const known = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));
if (!known.includes(name)) {
  process.stderr.write(
    `usage: npm run bench -- NAME [--json]; NAME is one of ${known.join(', ')}\n`,
  );
  process.exit(1);
}

const log = (line) => process.stderr.write(`${line}\n`);
const { run } = await import(new URL(`./${name}.mjs`, import.meta.url));
const { figures } = await run({ json: values.json, args: values, log });
if (values.json) {
  process.stdout.write(`${JSON.stringify({ bench: name, machine: machine(), figures })}\n`);
} else {
  for (const [figure, value] of Object.entries(figures)) {
    process.stdout.write(`${figure.padEnd(36)} ${Number(value.toPrecision(5))}\n`);
  }
}

function machine() {
  return {
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.versions.node,
    platform: `${os.platform()}-${os.arch()}`,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}
