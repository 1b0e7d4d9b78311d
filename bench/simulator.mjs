// A surrogate's federation on virtual time: rounds a second of 1,000 sites, what leaves each, and the memory that it takes at 10,
// 100 and 1,000 sites, each in a process of its own.
//
//   npm run bench -- simulator [--rounds=N]

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '@fedvox/base/system';
import { simulateScenario } from '@fedvox/simulator';

const SIZES = [10, 100, 1_000];
const MEGABYTE_KIB = 1_000_000 / 1_024;

export async function run({ args, log }) {
  const rounds = Number(args.rounds ?? 100);
  const figures = {};
  for (const sites of SIZES) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      fileURLToPath(import.meta.url),
      ...[String(sites), String(rounds)],
    ]);
    const { seconds, cpuSeconds, peakKib, bytes } = JSON.parse(stdout);
    log(`${sites} sites, ${rounds} rounds: ${seconds.toFixed(1)} s`);
    figures[`rounds_per_s_${sites}`] = rounds / seconds;
    figures[`cpu_s_per_round_${sites}`] = cpuSeconds / rounds;
    figures[`peak_mb_${sites}`] = peakKib / MEGABYTE_KIB;
    figures[`bytes_per_site_${sites}`] = bytes / sites;
  }
  figures.peak_ratio_1000_to_10 = figures.peak_mb_1000 / figures.peak_mb_10;
  return { figures };
}

const scenario = (sites, rounds) => `
name: crowd
description: As many sites as are asked for, all of them with a surrogate.
federation: bench-consortium
mode: virtual
surrogate: {}
sites: [{ name: site, count: ${sites} }]
job:
  name: organ
  classes: [background, organ]
  preprocess: [{ kind: zscore }]
  network: { kind: unet, channels: [8, 16], strides: [2] }
  training: { optimizer: { kind: sgd, learningRate: 0.05 }, batchSize: 2, localSteps: 20 }
  evaluation: { bestBy: dice, auc: { level: voxel, classes: [organ] } }
  federation: { rounds: ${rounds}, minSites: 3, deadline: 30m, firewall: "off" }
  seed: 20
`;

/** From the scenario's file to its report. */
async function measure(sites, rounds) {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-crowd-'));
  try {
    const path = join(folder, 'crowd.yaml');
    await writeFile(path, scenario(sites, rounds));
    const startedAtMs = systemClock.nowMs();
    const { report } = await simulateScenario(path, {
      ...{ out: join(folder, 'run'), clock: systemClock, onProgress: () => undefined },
      command: { node: process.execPath, entry: '' },
      signal: new AbortController().signal,
    });
    const kinds = Object.values(report.egress).flatMap((site) => Object.values(site));
    return {
      seconds: (systemClock.nowMs() - startedAtMs) / 1_000,
      cpuSeconds: cpuSeconds(),
      peakKib: process.resourceUsage().maxRSS,
      bytes: kinds.reduce((sum, bytes) => sum + bytes, 0),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Of this process, which is the run's. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , sites, rounds] = process.argv;
  process.stdout.write(JSON.stringify(await measure(Number(sites), Number(rounds))));
}
