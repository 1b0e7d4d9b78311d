// Voxels on libtorch beside imaging's own TypeScript, turn by turn: what preparing and augmenting a case takes. Both
// give the same bits, which is checked on the way.

import { seededRandom } from '@fedvox/base';
import { augment, portableVoxels, preprocess } from '@fedvox/imaging';
import { voxelEngineOf } from '@fedvox/learning';
import { registerTorchBackend } from '@fedvox/tfjs-backend-torch';

const TURNS = 5;
/** 0.7 × 0.7 × 1.5 mm, as a CT of the body is stored. */
const CT = { shape: [512, 512, 200], affineRas: scaled(0.7, 0.7, 1.5) };
const TO_1_MM = [{ kind: 'resample', spacingMm: [1, 1, 1] }];

/** `--threads=N` instead of 2; `--device=cuda:0`. */
export async function run({ args, log }) {
  const threads = Number(args.threads ?? 2);
  await registerTorchBackend({ threads, device: args.device ?? 'cpu' });
  const engines = { portable: portableVoxels, torch: voxelEngineOf({ name: 'torch' }) };
  const figures = {};
  for (const [name, workload] of Object.entries(workloads())) {
    const seconds = duel(engines, workload);
    figures[`speed_ratio_${name}`] = seconds.portable / seconds.torch;
    figures[`${name}_ms`] = 1000 * seconds.torch;
    log(
      `${name}: TypeScript ${seconds.portable.toFixed(4)} s, torch ${seconds.torch.toFixed(4)} s`,
    );
  }
  return { figures };
}

/** Each gives the voxels that it made. */
function workloads() {
  const ct = phantom(CT);
  const cube = phantom({ shape: [128, 128, 128], affineRas: scaled(1, 1, 1) });
  const patch = phantom({ shape: [48, 64, 48], affineRas: scaled(1, 1, 1) });
  const deformed = phantom({ shape: [96, 96, 96], affineRas: scaled(1, 1, 1) });
  const step = (source, kind, parameters) => (voxels) =>
    augment(source, [{ kind, probability: 1, ...parameters }], seededRandom(7), voxels);
  const affine = {
    rotateDegrees: [15, 15, 15],
    scale: [0.1, 0.1, 0.1],
    translateVoxels: [4, 4, 4],
  };
  const elastic = { sigmaVoxels: 6, magnitudeVoxels: 60 };
  const toCt = [1 / 0.7, 0, 0, 0, 0, 1 / 0.7, 0, 0, 0, 0, 1 / 1.5, 0];
  return {
    ct_image: (voxels) => preprocess({ image: ct.image }, TO_1_MM, voxels).image.data,
    ct_label: (voxels) => voxels.nearest(ct.label, toCt, [358, 358, 300], 'edge'),
    affine_128: (voxels) => step(cube, 'affine', affine)(voxels).image.data,
    affine_patch: (voxels) => step(patch, 'affine', affine)(voxels).image.data,
    elastic_96: (voxels) => step(deformed, 'elastic', elastic)(voxels).image.data,
    smooth_patch: (voxels) => step(patch, 'smooth', { sigmaVoxels: [1, 1.5] })(voxels).image.data,
  };
}

/** Medians over the turns, after one that warms up. */
function duel(engines, workload) {
  const results = Object.values(engines).map((voxels) => Buffer.from(workload(voxels).buffer));
  if (!results[0].equals(results[1])) throw new Error('the two engines give different bits');
  const seconds = { portable: [], torch: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [name, voxels] of Object.entries(engines)) {
      const start = performance.now();
      workload(voxels);
      seconds[name].push((performance.now() - start) / 1000);
    }
  }
  const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  return { portable: median(seconds.portable), torch: median(seconds.torch) };
}

function phantom(grid) {
  const [nx, ny, nz] = grid.shape;
  const image = new Float32Array(nx * ny * nz);
  const label = new Uint8Array(image.length);
  for (let at = 0; at < image.length; at++) {
    image[at] = ((Math.imul(at, 2654435761) >>> 0) % 3000) - 1000;
    label[at] = (at >> 4) % 3;
  }
  return { image: { ...grid, data: image }, label: { ...grid, data: label } };
}

function scaled(x, y, z) {
  return [x, 0, 0, 0, 0, y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1];
}
