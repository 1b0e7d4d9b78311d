import type { Job } from '@fedvox/job';
import { scaffold } from './corrections.js';
import { ditto } from './drawn-model.js';
import { fedBn } from './own-norms.js';
import { NOTHING_MORE, type SiteRule } from './site-rule.js';

/** What the strategy of a job asks of its sites, besides to train what they are given. */
export function siteRuleOf({ federation: { strategy } }: Pick<Job, 'federation'>): SiteRule {
  switch (strategy.kind) {
    case 'fedprox':
      return { ...NOTHING_MORE, terms: async () => ({ proximal: { mu: strategy.mu } }) };
    case 'scaffold':
      return scaffold;
    case 'ditto':
      return ditto(strategy.lambda);
    case 'fedbn':
      return fedBn;
    default:
      return NOTHING_MORE;
  }
}
