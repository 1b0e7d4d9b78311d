// Writes the JSON Schema of scenario files, by which editors complete them; --check says whether it is as written.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { scenarioJsonSchema } from '@fedvox/simulator';

const path = fileURLToPath(new URL('../scenarios/scenario.schema.json', import.meta.url));
const text = `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
if (!process.argv.includes('--check')) await writeFile(path, text);
else if ((await readFile(path, 'utf8')) !== text) {
  console.error(
    'scenarios/scenario.schema.json is not as its schema: node tools/scenario-schema.mjs',
  );
  process.exitCode = 1;
}
