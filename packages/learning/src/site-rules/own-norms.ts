import type { Job } from '@fedvox/job';
import { tensorOf, type Weights } from '@fedvox/weights';
import { buildNetwork } from '../networks/builders.js';
import { keepPersonalModel, personalModel } from './personal-model.js';
import { NOTHING_MORE, type SiteRule } from './site-rule.js';

/**
 * FedBN's part at the site (Li et al., ICLR 2021): the parameters of its norms, which take on what its scanner
 * does, stay there. The site measures and trains the model of the round with its own in it; of what it changed
 * of them the delta has zeros, for the wire takes every tensor of the model. Its own model is kept whole.
 */
export const fedBn: SiteRule = {
  ...NOTHING_MORE,

  async model(round) {
    const own = await personalModel(round);
    if (own === null) return round.base;
    const local = localNames(round.job);
    return mapped(round.base, (name, tensor) => (local.has(name) ? tensorOf(own, name) : tensor));
  },

  keep: (round, _, trained) => keepPersonalModel(round, trained, null),

  shared({ job }, delta) {
    const local = localNames(job);
    return mapped(delta, (name, { shape, data }) => ({
      shape,
      data: local.has(name) ? new Float32Array(data.length) : data,
    }));
  },

  keepMeasured: keepPersonalModel,
};

/** Of all parameters but those that averaging is about. */
function localNames(job: Job): ReadonlySet<string> {
  const { parameters } = buildNetwork(job);
  return new Set(parameters.flatMap(({ name, role }) => (role === 'weight' ? [] : [name])));
}

type Tensor = ReturnType<typeof tensorOf>;

function mapped(weights: Weights, change: (name: string, tensor: Tensor) => Tensor): Weights {
  return new Map([...weights].map(([name, tensor]) => [name, change(name, tensor)]));
}
