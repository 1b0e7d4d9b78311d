import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { testDataDir } from '@fedvox/base/system';
import { checkJob } from '@fedvox/learning';
import { describe, expect, it } from 'vitest';
import { planRun } from './plan.js';
import { loadScenario } from './scenario.js';

const folder = fileURLToPath(new URL('../../../../scenarios/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const scenarios = files.filter((name) => !name.endsWith('-job.yaml'));
const dataDir = testDataDir();

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
        expect(plan.sites).toHaveLength(3);
        checkJob(plan.job);
      }
    },
  );
});
