import { getKernelsForBackend, type KernelConfig } from '@tensorflow/tfjs-core';
import { activationKernels } from './activation.js';
import { attentionKernels } from './attention.js';
import { binaryKernels } from './binary.js';
import { complexKernels } from './complex.js';
import { conv3dKernels } from './conv3d.js';
import { convolutionKernels } from './convolution.js';
import { creationKernels } from './creation.js';
import { gradientKernels } from './gradients.js';
import { hostKernels } from './host.js';
import { identityKernels } from './identity.js';
import { imageKernels } from './image.js';
import { indexingKernels } from './indexing.js';
import { matmulKernels } from './matmul.js';
import { normPreluKernels } from './norm-prelu.js';
import { normalizationKernels } from './normalization.js';
import { optimizerKernels } from './optimizer.js';
import { poolingKernels } from './pooling.js';
import { preluKernels } from './prelu.js';
import { reductionKernels } from './reduction.js';
import { regionKernels } from './region.js';
import { shapeKernels } from './shape.js';
import { softmaxSumsKernels } from './softmax-sums.js';
import { transformerKernels } from './transformer.js';
import { unaryKernels } from './unary.js';
import { upsampleKernels } from './upsample.js';

/** Kernels that libtorch runs. */
const torchKernels: readonly KernelConfig[] = [
  ...activationKernels,
  ...attentionKernels,
  ...binaryKernels,
  ...complexKernels,
  ...conv3dKernels,
  ...convolutionKernels,
  ...creationKernels,
  ...gradientKernels,
  ...identityKernels,
  ...imageKernels,
  ...indexingKernels,
  ...matmulKernels,
  ...normalizationKernels,
  ...normPreluKernels,
  ...optimizerKernels,
  ...poolingKernels,
  ...preluKernels,
  ...reductionKernels,
  ...regionKernels,
  ...shapeKernels,
  ...softmaxSumsKernels,
  ...transformerKernels,
  ...unaryKernels,
  ...upsampleKernels,
];

/** Every kernel that tfjs's own cpu backend has, and those that `ops/` adds. */
export function allKernels(): KernelConfig[] {
  const served = new Set(torchKernels.map(({ kernelName }) => kernelName));
  const others = getKernelsForBackend('cpu').filter(({ kernelName }) => !served.has(kernelName));
  return [...torchKernels, ...hostKernels(others.map(({ kernelName }) => kernelName))];
}
