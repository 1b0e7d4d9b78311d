import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { startSiteConsole } from '@fedvox/console';
import type { RunningDesk } from '@fedvox/desk';
import type { RoundCases } from '../../packages/agent/src/core/case-figures.js';
import type { Trainer } from '../../packages/agent/src/core/trainer.js';
import { keepCaseFigures } from '../../packages/agent/src/status/case-figures-file.js';
import { writePhantoms } from '../../packages/agent/src/testing/phantom.js';
import { buildStage, Scene } from '../../packages/agent/src/testing/scene.js';
import { until } from '../../packages/agent/src/testing/site.js';

const CASES = 4;
const EPOCHS = 3;

/** A site whose real agent did a job's rounds, and its console. */
export interface ConsoleGround {
  readonly scene: Scene;
  readonly desk: RunningDesk;
  /** Lets the agent work on another round for as long as it is let. */
  workOn(): Promise<{ finish(): void }>;
  /** Ends the agent in good order; the console goes on. */
  stopAgent(): Promise<void>;
  stop(): Promise<void>;
}

/** Gives a scan's header a qform that says another thing than its sform (nifti1.h): it is used all the same. */
async function sayTwice(path: string): Promise<void> {
  const bytes = gunzipSync(await readFile(path));
  bytes.writeInt16LE(1, 252);
  bytes.writeFloatLE(99, 268);
  await writeFile(path, gzipSync(bytes));
}

/** The scene's trainer, telling of its epochs as a real one does. */
function telling(trainer: Scene['trainer']): Trainer & { close(): Promise<void> } {
  return {
    run: async (order, signal, onProgress) => {
      const { work } = order;
      if (work.kind === 'train') {
        for (let epoch = 1; epoch <= EPOCHS; epoch++) {
          const loss = 0.9 / (work.round + epoch / EPOCHS);
          onProgress({ phase: 'training', done: 1, total: 1, epoch, epochs: EPOCHS, loss });
        }
      }
      return trainer.run(order, signal);
    },
    close: () => trainer.close(),
  };
}

export async function startConsoleGround(): Promise<ConsoleGround> {
  const scene = await Scene.open(await buildStage());
  const { policy, data } = scene.site;
  await writePhantoms(data.path, CASES);
  // One more scan is listed than can be read.
  await writeFile(`${data.path}/broken.nii.gz`, 'no scan at all');
  scene.site = { ...scene.site, policy: { ...policy, minCasesForMetrics: 9 } };
  const { coordinator, train } = scene;
  const round = (number: number) => ({ ...train, work: { ...train.work, round: number } });
  coordinator.tasks.push(scene.gate, round(1), round(2));
  const agent = await scene.enrolAndStart({ trainer: telling(scene.trainer) });
  await until(() => coordinator.accepted.length === 2 && scene.outbox().length === 0);
  await sayTwice(`${data.path}/imagesTr/case-0.nii.gz`);
  await keepCaseFigures(scene.folder.caseFigures, measuredCases(scene.job));
  const lookEntryPath = fileURLToPath(
    new URL('../../packages/console/dist/look-entry.js', import.meta.url),
  );
  const surroundings = { clock: systemClock, log: silentLogger() };
  const desk = await startSiteConsole({ config: scene.site, lookEntryPath, ...surroundings });
  return {
    scene,
    desk,
    workOn: async () => {
      const release = resolvers();
      scene.trainer.onRun = () => release.promise;
      const orders = scene.trainer.orders.length;
      coordinator.tasks.push(round(3));
      await until(() => scene.trainer.orders.length > orders);
      return { finish: release.resolve };
    },
    stopAgent: () => agent.stop(),
    stop: async () => {
      await desk.close();
      await agent.stop();
      await scene.close();
    },
  };
}

/** As the trainer's process tells them of a round. */
function measuredCases(job: string): RoundCases {
  const organ = { name: 'organ', referenceMl: 0.3 };
  const cases = [0.9, 0.6, null].map((dice, index) => ({
    caseId: `case-${index}`,
    dice,
    perClass: [{ ...organ, dice, hd95Mm: dice === null ? null : 1.5, predictedMl: 0.2 }],
    classified: null,
  }));
  return { atMs: systemClock.nowMs(), job, round: 2, cases };
}

/** As a newer Node's `Promise.withResolvers`. */
function resolvers() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
