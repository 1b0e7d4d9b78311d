import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { testDataDir } from '@fedvox/base/system';
import { checkJob } from '@fedvox/learning';
import { describe, expect, it } from 'vitest';
import { jobOfVariant } from '../comparison/variants.js';
import { planRun } from './plan.js';
import { loadScenario, scenarioJsonSchema } from './scenario.js';

const folder = fileURLToPath(new URL('../../../../scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const scenarios = files.filter((name) => !name.endsWith('-job.yaml'));
const dataDir = testDataDir();

it('the schema for editors is that of scenarios, and takes those that Fedvox ships', () => {
  const written = JSON.parse(readFileSync(`${folder}scenario.schema.json`, 'utf8'));
  expect(written).toEqual(scenarioJsonSchema());
  expect(Object.keys(written.properties)).toEqual(expect.arrayContaining(['events', 'compare']));
});

describe('a scenario that Fedvox ships', () => {
  it('has its line in the README', () => {
    const readme = readFileSync(`${folder}README.md`, 'utf8');
    const named = [...readme.matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual(files.sort());
  });

  it.each(scenarios)('%s is in order, and so is its job', async (name) => {
    const scenario = await loadScenario(folder + name);
    expect(scenario.name).toBe(name.replace('.yaml', ''));
    checkJob(scenario.job);
  });

  it.skipIf(dataDir === undefined).each(scenarios)(
    '%s finds its data and can be planned for every engine',
    async (name) => {
      const scenario = await loadScenario(folder + name);
      for (const engine of ['torch', 'cpu'] as const) {
        const plan = planRun(scenario, { engine, cores: 2, dataDir: dataDir as string });
        expect(plan.sites.map(({ name }) => name)).toEqual(scenario.sites.map(({ name }) => name));
        checkJob(plan.job);
        for (const variant of scenario.compare?.variants ?? []) {
          checkJob(jobOfVariant(plan.job, variant, 1));
        }
      }
    },
  );
});
