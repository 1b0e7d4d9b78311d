// Volumes in arrays, without TensorFlow.js: the door `@fedvox/tfjs-backend-torch/volumes`.
export {
  addNormals,
  drawEvenly,
  raiseVolume,
  shadeVolume,
  type VolumeField,
} from './ops/volume-values.js';
export {
  convolveVolume,
  displaceVolume,
  displaceVolumeNearest,
  sampleVolume,
  sampleVolumeNearest,
  type VolumeArray,
} from './ops/volumes.js';
export type { OpenTorch } from './torch.js';
export { torchAlone } from './torch-alone.js';
