// Writes docs/configuration.md, every key of every file that people write, from their schemas; and says with --check
// whether it is as written.
//   node tools/configuration.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { siteConfigSchema } from '@fedvox/agent';
import { coordinatorConfigSchema } from '@fedvox/coordinator';
import { newJobSchema } from '@fedvox/job';
import { scenarioSchema } from '@fedvox/simulator';
import { z } from 'zod';

const page = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));
const repository = fileURLToPath(new URL('..', import.meta.url));

/** A scenario's job is a job, and is not said twice. */
const FILES = [
  {
    title: 'The coordinator: `coordinator.yaml`',
    schema: coordinatorConfigSchema,
    about: 'Relative paths are relative to the file.',
  },
  {
    title: 'A site: `site.yaml`',
    schema: siteConfigSchema,
    about:
      'Relative paths are relative to the file. What stands under `policy` is the hospital’s word: no job can change it.',
  },
  {
    title: 'A job: `job.yaml`',
    schema: newJobSchema,
    about: 'What an operator submits, and `fedvox model train` trains by.',
  },
  {
    title: 'A scenario',
    schema: scenarioSchema,
    about:
      'What `fedvox simulate` runs. What stands under `job`, and what `onCpu` puts in its place, is a job’s.',
    without: /^(job|onCpu\.(preprocess|network))\b./,
  },
];

const text = [
  '# Every key of every file',
  '',
  'Made from the schemas that the programs read the files by: `node tools/configuration.mjs`. A key that is not here is refused, with its line. Keys that stand',
  'for lists have `[]` behind them. Where a key belongs to one kind of several, the kind stands in front of what it means.',
  '',
  ...FILES.flatMap(section),
].join('\n');

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  process.stderr.write(
    `${page.slice(repository.length)} is not what the schemas give: run \`node tools/configuration.mjs\`\n`,
  );
  process.exitCode = 1;
}

function section({ title, schema, about, without }) {
  const rows = rowsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))
    .filter(({ key }) => without === undefined || !without.test(key))
    .map(
      ({ key, type, byDefault, meaning }) => `| \`${key}\` | ${type} | ${byDefault} | ${meaning} |`,
    );
  const head = ['| key | type | default | meaning |', '| --- | --- | --- | --- |'];
  return [`## ${title}`, '', about, '', ...head, ...rows, ''];
}

/** One row for each key, whatever kinds of its parent have it. */
function rowsOf(root) {
  const rows = new Map();
  walk(root, '', [], true);
  return [...rows.values()].map(merged);

  function walk(schema, path, kinds, isRequired) {
    for (const each of alternatives(schema)) {
      const kind = each.properties?.kind?.const;
      const within = kind === undefined ? kinds : [String(kind)];
      const list = each.items === undefined ? [] : alternatives(each.items);
      for (const item of list) walk(item, `${path}[]`, within, true);
      for (const [name, value] of Object.entries(each.properties ?? {})) {
        const key = path === '' ? name : `${path}.${name}`;
        const required = isRequired && (each.required ?? []).includes(name);
        const found = { value, kinds: name === 'kind' ? [] : within, isRequired: required };
        rows.set(key, { key, found: [...(rows.get(key)?.found ?? []), found] });
        walk(value, key, name === 'kind' ? kinds : within, true);
      }
    }
  }
}

function alternatives(schema) {
  const several = schema.anyOf ?? schema.oneOf;
  if (several === undefined) return [schema];
  return several.flatMap(alternatives);
}

function merged({ key, found }) {
  const types = unique(found.map(({ value }) => typeOf(value)));
  const defaults = unique(found.flatMap((each) => defaultOf(each)));
  const meanings = new Map();
  for (const { value, kinds } of found) {
    const meaning = meaningOf(key, value);
    meanings.set(meaning, unique([...(meanings.get(meaning) ?? []), ...kinds]));
  }
  const isOfOne = meanings.size > 1 || found.length === 1;
  const told = [...meanings].map(([meaning, kinds]) =>
    isOfOne && kinds.length > 0 && kinds.length < 3 ? `${kinds.join(', ')}: ${meaning}` : meaning,
  );
  const literals = types.filter((type) => type.startsWith('`'));
  const type = unique([...literals, ...types.filter((each) => !each.startsWith('`'))]).join(' or ');
  return {
    key,
    type: cell(type),
    byDefault: cell(defaults.join(' or ')),
    meaning: cell(unique(told).join('; ')),
  };
}

function meaningOf(key, { description }) {
  if (description !== undefined) return description;
  if (/(^|\.|\])kind$/.test(key)) return 'Which of these it is';
  return '';
}

function defaultOf({ value, isRequired }) {
  if (value.default !== undefined) return [`\`${JSON.stringify(value.default)}\``];
  if (isRequired && value.const === undefined) return ['required'];
  return [];
}

function typeOf(schema) {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const).replaceAll('"', '')}\``;
  if (schema.enum !== undefined) return schema.enum.map((each) => `\`${each}\``).join(', ');
  if (schema.anyOf ?? schema.oneOf) return unique(alternatives(schema).map(typeOf)).join(' or ');
  if (schema.type === 'array') return listType(schema);
  if (schema.type === 'object') return schema.properties === undefined ? 'map' : 'keys';
  if (schema.type === 'number' || schema.type === 'integer') return numberType(schema);
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return 'text';
  return 'text';
}

function listType({ items, prefixItems }) {
  if (prefixItems !== undefined) return `${prefixItems.length} × ${typeOf(prefixItems[0])}`;
  return `list of ${typeOf(items)}`;
}

function numberType({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  const isBound = (value) => value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const least = isBound(exclusiveMinimum) ? `above ${exclusiveMinimum}` : '';
  const from = isBound(minimum) ? `from ${minimum}` : least;
  const below = isBound(exclusiveMaximum) ? `below ${exclusiveMaximum}` : '';
  const to = isBound(maximum) ? `to ${maximum}` : below;
  return [type === 'integer' ? 'whole number' : 'number', from, to].filter(Boolean).join(' ');
}

function unique(values) {
  return [...new Set(values)];
}

function cell(value) {
  return value.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
