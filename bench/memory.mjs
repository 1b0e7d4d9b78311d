// What a training step takes of memory at 128³ voxels, one volume, Adam and Dice with cross-entropy in float32: the
// peak of a fresh process that takes two steps, the engine and Node in it. `patch` is a batch of the STS job's patches.

import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { networkSchema } from '@fedvox/job';

const OURS = fileURLToPath(new URL('./training/ours.mjs', import.meta.url));
const VOLUME = [1, 128, 128, 128];
const UNET = { kind: 'unet', strides: [2, 2, 2], residualUnits: 2, channels: [16, 32, 64, 128] };
const STEPS = {
  segresnet: { network: { kind: 'segresnet', initFilters: 16 }, shape: VOLUME },
  unet: {
    network: { ...UNET, channels: [16, 32, 64, 128, 256], strides: [2, 2, 2, 2] },
    shape: VOLUME,
  },
  patch: { network: UNET, shape: [2, 96, 96, 64] },
};

/** `--threads=N` instead of one for each core. */
export async function run({ args, log }) {
  const threads = Number(args.threads ?? availableParallelism());
  const figures = {};
  for (const [name, { network, shape }] of Object.entries(STEPS)) {
    const own = networkSchema.parse(network);
    const setup = { network: own, shape, classes: 2, mode: 'fp32', threads };
    const { peakBytes, seconds } = answerOf([{ setup }, { steps: 2 }]);
    log(`${name}: ${seconds.map((each) => each.toFixed(1)).join(' and ')} s`);
    figures[`${name}_peak_mib`] = Math.round(peakBytes / 2 ** 20);
  }
  return { figures };
}

/** To the last of some requests, by a process of its own. */
function answerOf(requests) {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  const answers = execFileSync(process.execPath, [OURS], { input, encoding: 'utf8' });
  return JSON.parse(answers.trimEnd().split('\n').at(-1));
}
