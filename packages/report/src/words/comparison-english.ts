import type { ComparisonWords } from './comparison-words.js';

export const ENGLISH_COMPARISON: ComparisonWords = {
  title: (scenario) => `Comparison: ${scenario}`,
  terms: {
    mode: 'Mode',
    engine: 'Engine',
    seeds: 'Seeds',
    seed: 'seed',
    validationCases: 'Validation cases',
    variants: 'Variants',
    variant: 'variant',
    interval: '95 % interval',
    mean: 'mean',
    difference: (reference) => `Dice less ${reference}’s`,
    bytes: 'sent',
    duration: 'took',
    bySite: 'By site',
    worstSite: 'worst site',
    byClass: 'Dice by class',
    attendance: 'Who was missing, and who came last',
    runs: 'Every run',
    repeat: 'To repeat it',
  },
  mode: {
    real: 'real processes, real time',
    virtual: 'one process, virtual time',
  },
  baseline: { pooled: 'pooled data', alone: 'each site alone' },
  chartTitle: 'Dice of the best models',
  chartDescription: (variants) =>
    `One line for each of ${variants} variants; a dot for each seed, and the mean with its interval.`,
  curveTitle: 'Validation Dice by round',
  curveDescription: (variants) =>
    `One line for each of ${variants} variants, the mean of its seeds.`,
  statisticsNote:
    'Figures are means over seeds of each seed’s best model on the validation cases of all sites. Intervals draw seeds and cases anew 2,000 times (percentile bootstrap); p is of a two-sided permutation test over cases with the same seeds. The best model is chosen on the same cases, which flatters all variants alike.',
  baselineNote: (epochs) =>
    epochs === 1
      ? 'Baselines make one pass over their cases for each round.'
      : `Baselines make ${epochs} passes over their cases for each round.`,
  gainNote: 'In brackets: what the site gains over its own model, trained alone.',
  attendanceNote:
    'Of the first seed, on virtual time from the opening of the round; who is missing gave nothing that the round could wait for.',
  lastAfter: (site, span) => `last ${site} after ${span}`,
  without: (names) => `without ${names}`,
  gainTitle: 'Dice above that of the site’s own model',
  gainDescription: (sites) =>
    `One line for each variant; a dot for each of ${sites} sites, and their mean.`,
  gainRange: (least, most, worse) =>
    `From ${least} to ${most}; ${worse} of all dots are of a site that its own model serves better.`,
  bytesTitle: 'What was sent, and the Dice that came of it',
  bytesDescription: (variants) =>
    `One dot for each of ${variants} variants, with the interval of its Dice; lines across for those that send nothing.`,
  bytesAxis: (figure) => `MB that left all sites in the whole job (${figure} upwards)`,
  bytesNote: 'Further left is cheaper, further up is better. Means over seeds.',
  repeatNote: (seeds) =>
    `The same scenario file, engine, precision and seeds (${seeds}) give the same models, by their digests above.`,
};
