import { keepPersonalModel, personalModel } from './personal-model.js';
import { NOTHING_MORE, type SiteRule } from './site-rule.js';

/**
 * Ditto's part at the site (Li et al., ICML 2021, algorithm 1): beside the round's own training, a model of the
 * site's takes as many steps of its own, `v ← v − η(∇F(v) + λ(v − w))`, drawn to the w that the round began with.
 * It begins as the model of the site's first round, and never leaves.
 */
export function ditto(lambda: number): SiteRule {
  return {
    ...NOTHING_MORE,
    async keep(round) {
      const before = (await personalModel(round)) ?? round.base;
      const proximal = { mu: lambda, origin: round.base };
      const model = await round.train(before, { proximal });
      await keepPersonalModel(round, model, await round.evaluate(model));
    },
  };
}
