import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addStateGauges } from '../../packages/coordinator/src/shell/state-gauges.js';
import { createTelemetry } from '../../packages/coordinator/src/shell/telemetry.js';
import { REPOSITORY, readDocument } from '../support/documents.js';

interface Exported {
  readonly name: string;
  readonly type: string;
  readonly help: string;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

async function exported(): Promise<readonly Exported[]> {
  const telemetry = createTelemetry(() => 0);
  telemetry.watchCertificates(() => []);
  addStateGauges(telemetry.registry, {
    jobs: () => [],
    sites: () => new Map(),
    queues: () => ({}),
    stateDir: tmpdir(),
  });
  telemetry.watchProcess();
  return (await telemetry.registry.getMetricsAsJSON()).map(({ name, type, help }) => ({
    name,
    type: String(type),
    help,
  }));
}

const metrics = await exported();
const own = metrics.filter(({ name }) => name.startsWith('fedvox_'));
const names = new Set(metrics.map(({ name }) => name));
const rules = (
  parse(await readDocument('docs/operations/prometheus-rules.yaml')) as {
    groups: { rules: Rule[] }[];
  }
).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(
  await readFile(`${REPOSITORY}docs/operations/grafana-dashboard.json`, 'utf8'),
) as { panels: Panel[]; title: string; schemaVersion: number };

/** Metrics that an expression asks for and that nothing exports. */
const missingIn = (expression: string) =>
  [...expression.matchAll(/\b(?:fedvox|nodejs|process)_\w+/g)]
    .map(([name]) => name)
    .filter((name) => !names.has(name) && !names.has(name.replace(/_(bucket|sum|count)$/, '')));

describe('the metrics', () => {
  it('stand in the table of docs/operations with their kind, each of them and no other', async () => {
    const page = await readDocument('docs/operations/metrics.md');
    const rows = [...page.matchAll(/^\| `(fedvox_\w+)` \| (\w+) \| .* \| .+ \|$/gm)];
    const told = rows.map(([, name, kind]) => `${name} ${kind}`);
    expect(told).toEqual(own.map(({ name, type }) => `${name} ${type}`).sort());
  });

  it('are named as Prometheus asks: base units, _total for counters and nothing else', () => {
    for (const { name, type, help } of own) {
      expect(name).toMatch(/^fedvox_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total'), name).toBe(type === 'counter');
      expect(name).not.toMatch(/_(ms|milliseconds|minutes|hours|mb|kilobytes|percent)(_|$)/);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('the alert rules', () => {
  it('ask for metrics that there are, and say how urgent they are and where to read on', () => {
    expect(rules.length).toBeGreaterThan(8);
    for (const { alert, expr, for: duration, labels, annotations } of rules) {
      expect(missingIn(expr), alert).toEqual([]);
      expect(alert).toMatch(/^Fedvox[A-Z]\w+$/);
      expect(duration).toMatch(/^\d+[smhd]$/);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/^[A-Z].*\.$/);
      expect(annotations.runbook).toBe(`docs/operations/runbook.md#${alert.toLowerCase()}`);
    }
  });

  it('have an entry each in the runbook, which has no other', async () => {
    const runbook = await readDocument('docs/operations/runbook.md');
    const entries = [...runbook.matchAll(/^## (\w+)\n\n\*\*(.+?)\*\* \((\w+)\)\n\n(.+)$/gm)];
    expect(entries.map(([, alert, summary, severity]) => [alert, summary, severity])).toEqual(
      rules.map(({ alert, annotations, labels }) => [alert, annotations.summary, labels.severity]),
    );
    for (const [, alert, , , text = ''] of entries) {
      expect(text.length, alert).toBeGreaterThan(150);
    }
  });
});

/** A type without its enumerations: they are their values, as in JSON. */
const PLAIN = `type Plain<T> =
  T extends string ? \`\${T}\` :
  T extends number ? (number extends T ? T : \`\${T}\` extends \`\${infer N extends number}\` ? N : never) :
  T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`;

/** What TypeScript has to say of a dashboard against Grafana's own schema; nothing where it is of it. */
async function schemaErrors(json: string): Promise<string> {
  // Below the packages, where an import finds them.
  const folder = await mkdtemp(`${REPOSITORY}node_modules/.fedvox-dashboard-`);
  const path = join(folder, 'dashboard.ts');
  const text = `import type { Dashboard } from '@grafana/schema';
${PLAIN}
export const dashboard: Plain<Dashboard> = ${json};`;
  try {
    await writeFile(path, text);
    const tsc = `${REPOSITORY}node_modules/typescript/bin/tsc`;
    const options = '--ignoreConfig --noEmit --strict --module nodenext --target es2022';
    return spawnSync(process.execPath, [tsc, ...options.split(' '), path], { encoding: 'utf8' })
      .stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the Grafana dashboard', () => {
  it('is of Grafana’s own schema', async () => {
    expect(await schemaErrors(JSON.stringify(dashboard))).toBe('');
    expect(await schemaErrors(JSON.stringify({ ...dashboard, refresh: 7 }))).toMatch(
      /Type 'number' is not assignable to type 'string'/,
    );
  });

  it('asks for metrics that there are, and shows each that we export', () => {
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(expressions.flatMap(missingIn)).toEqual([]);
    const shown = expressions.join(' ');
    expect(own.filter(({ name }) => !shown.includes(name)).map(({ name }) => name)).toEqual([]);
  });

  it('has panels of kinds that Grafana brings along, each with its place on a grid of 24', () => {
    const { panels, schemaVersion, title } = dashboard;
    expect({ schemaVersion, title }).toEqual({ schemaVersion: 39, title: 'Fedvox' });
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, type, gridPos, targets } of panels) {
      expect(['stat', 'gauge', 'timeseries', 'table'], title).toContain(type);
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B', 'C'].slice(0, targets.length));
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${title} covers another`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
