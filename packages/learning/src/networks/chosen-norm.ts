import type { NormSpec } from '@fedvox/job';
import { batchNorm } from './batch-norm.js';
import type { Layer } from './layer.js';
import { instanceNorm, plainInstanceNorm } from './norms.js';

/**
 * The norm that a job chooses for its network; an instance norm without parameters where it says none.
 * @param bias of the convolution in front, where there is one: its name
 */
export function chosenNorm(name: string, channels: number, norm: NormSpec, bias?: string): Layer {
  if (norm?.kind === 'batch') {
    const frozen = norm.statistics === 'frozen';
    return batchNorm(name, channels, { frozen, bias });
  }
  return isPlain(norm) ? plainInstanceNorm : instanceNorm(name, channels);
}

/** Whether it is an instance norm without parameters. */
export const isPlain = (norm: NormSpec) => norm?.kind !== 'batch' && norm?.affine !== true;
