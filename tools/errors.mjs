// Writes docs/errors/README.md from the packages' error tables.
//   node tools/errors.mjs           write it
//   node tools/errors.mjs --check   fail if the page is not what the tables give
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const repository = fileURLToPath(new URL('..', import.meta.url));
const page = join(repository, 'docs', 'errors', 'README.md');

/** By the prefix of their codes, which two packages may share. */
const tables = new Map();
for (const name of readdirSync(join(repository, 'packages')).sort()) {
  for (const file of errorModules(join(repository, 'packages', name, 'dist'))) {
    const module = await import(pathToFileURL(file));
    for (const { packageName, table } of Object.values(module)) {
      if (packageName && table) {
        tables.set(packageName, { ...tables.get(packageName), ...table });
      }
    }
  }
}

const text = [
  '# Errors',
  '',
  'Every error a person can meet, by its code, with what to do about it. Words in braces are filled in when it',
  'happens. Made from the packages’ error tables by `npm run generate`.',
  '',
  ...[...tables].flatMap(section),
].join('\n');

if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/errors is not what the error tables give: run `npm run generate`\n');
  process.exit(1);
}

/** Compiled modules that hold a table: named errors or refusals, by convention. */
function errorModules(dist) {
  if (!existsSync(dist)) return [];
  return ['errors.js', 'base-errors.js', 'job.js', 'refusals.js', 'refusals/refusals.js']
    .map((file) => join(dist, file))
    .filter((file) => existsSync(file));
}

function section([packageName, table]) {
  return [
    `## ${packageName}`,
    '',
    '| code | what is wrong | what to do |',
    '| --- | --- | --- |',
    ...Object.entries(table).map(
      ([name, { message, advice }]) =>
        `| \`${packageName}/${name}\` | ${cell(message)} | ${cell(advice)} |`,
    ),
    '',
  ];
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();
}
