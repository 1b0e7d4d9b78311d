import type { Words } from './words.js';

const names = (sites: readonly string[]) => sites.join(', ') || 'no site';
const byWhom = (by: string | undefined) => (by === undefined ? '' : ` by ${by}`);

export const ENGLISH: Words = {
  code: 'en',
  title: (job) => `Report of job ${job}`,
  status: {
    running: 'running',
    paused: 'paused',
    failed: 'failed',
    aborted: 'aborted',
    completed: 'completed',
  },
  failure: {
    'gate-not-passed': 'too few sites passed the data gate',
    'quorum-not-reached': 'too few sites answered a round by its deadline',
    'quarantined-below-quorum': 'too few updates of a round are not quarantined',
    'screening-failed': 'the updates could not be looked at',
    'aggregation-failed': 'the updates could not be aggregated',
    'no-more-gain': 'no more gain: its models had ceased to become better',
  },
  units: { d: 'd', h: 'h', min: 'min', s: 's' },
  list: ', ',
  more: (count) => `and ${count} more`,
  terms: {
    job: 'Job',
    status: 'Status',
    round: 'round',
    rounds: 'Rounds',
    submitted: 'Submitted',
    strategy: 'Strategy',
    network: 'Network',
    classes: 'Classes',
    minSites: 'Sites that a round needs',
    deadline: 'Deadline of a round',
    maxShare: 'Largest share of one site',
    uncapped: 'not capped',
    bestBy: 'Best by',
    bestModel: 'Best model',
    best: 'best',
    jobDigest: 'SHA-256 of the job',
    digest: 'SHA-256 of the model',
    site: 'site',
    sites: 'Sites',
    allSites: 'all sites',
    gate: 'data gate',
    figures: 'figures',
    reported: 'reported',
    withheld: 'withheld',
    lacks: 'its agent lacks',
    standing: 'standing',
    weight: 'weight',
    share: 'share',
    models: 'Models',
    timeline: 'Who answered when',
    timelineDescription:
      'One line for each site; one bar for each round, from its opening to the site’s answer.',
    opened: 'opened',
    took: 'took',
    closedBecause: 'closed because',
    facts: 'What happened',
    firewall: 'Firewall',
    off: 'off',
    verdict: 'verdict',
    norm: 'norm',
    cosine: 'cosine',
    decidedBy: 'decided by',
    released: 'averaged all the same',
    time: 'time (UTC)',
    what: 'what',
    least: 'least',
    lowerQuartile: 'lower quartile',
    median: 'median',
    upperQuartile: 'upper quartile',
    most: 'most',
    range: 'least to most',
    quartiles: 'middle half of the sites',
    firstModel: 'first model',
    startedFrom: 'Started from',
    lastEvaluation: 'last evaluation',
    of: 'of',
    none: '–',
  },
  outcome: {
    pass: 'passed',
    'no-usable-data': 'no usable data',
    'too-few-cases': 'too few cases',
    'wrong-modality': 'wrong modality',
    'spacing-out-of-range': 'spacing out of range',
    'labels-missing': 'labels missing',
    'refused-by-policy': 'refused by the site’s policy',
    'not-supported': 'not supported by the site’s agent',
    'no-disk-space': 'no disk space',
    'out-of-memory': 'out of memory',
    'archive-unreachable': 'archive unreachable',
    'trainer-failed': 'trainer failed',
    'size-not-trainable': 'size not trainable',
    'foreground-missing': 'foreground missing',
    'values-unusable': 'values unusable',
    'awaiting-approval': 'waits for a person there to approve the job',
  },
  standing: {
    asked: 'asked',
    'asked-again': 'asked again',
    'joins-next-round': 'joins the next round',
    'takes-part': 'takes part',
    idle: 'idle in this round',
    'not-awaited': 'silent, not waited for',
    'left-out': 'left out',
    revoked: 'revoked',
  },
  answer: {
    answered: 'answered',
    late: 'answered late',
    declined: 'declined',
    'given-up': 'given up',
    silent: 'no answer',
    awaited: 'awaited',
  },
  pace: {
    usual: 'as usual',
    slow: 'up to twice its median',
    slower: 'up to 4 times',
    slowest: 'longer still',
  },
  paceDescription: (perColumn) =>
    `A row for each site: how long each of its answers took, against the median of its own.${perColumn === 1 ? '' : ` Each column stands for ${perColumn} rounds, by the one of them to look at first.`}`,
  closing: {
    'all-answered': 'all answered',
    'buffer-full': 'the buffer was full',
    'grace-over': 'the time of grace was over',
    deadline: 'the deadline had passed',
  },
  quarantine: {
    'norm-too-large': 'left out: its norm is far above the others’, or that of the rounds before',
    'direction-opposed': 'left out: it points away from most of the others',
    'by-operator': 'left out',
  },
  flags: {
    'zero-delta': 'changes nothing',
    'norm-too-small': 'its norm is far below the others’',
    'sites-disagree':
      'the sites point away from each other; too few or too unlike to tell which is right',
    'figures-too-good': 'a perfect figure where the others’ are far from it',
  },
  verdictsNote:
    'An update that is left out is stored all the same, with its receipt. What flipped labels do to an update cannot be seen here.',
  figureTitle: (metric) => `${metric} after each round`,
  figureDescription: (metric, rounds, sites) =>
    `${metric} of ${rounds} models on the validation cases of ${sites} sites; the table below has the same figures.`,
  withheldNote:
    'Withheld: the site has fewer validation cases than its policy lets a figure describe.',
  startedFrom: (from) =>
    from.kind === 'file'
      ? 'weights given by the operator'
      : `round ${from.round} of job ${from.job}`,
  sinceSubmission: (unit) => `${unit} since the submission`,
  bestSummary: (round, figures) => `The best model is that of round ${round}: ${figures}.`,
  noBest: 'No model is the best one so far.',
  shareNote: (round, maxShare) =>
    `Weights as the sites signed them in round ${round}${maxShare === null ? '' : `; no share is above ${maxShare}, or all are the same`}.`,
  factsLeftOut: (count, command) =>
    `${count} facts in between are left out here; all of them: ${command}`,
  factsNote: 'Answers stand in the table of rounds above.',
  privacyNote:
    'This report holds what the coordinator knows: names of sites, outcomes, figures, weights, digests and times. Scans, case counts beyond a weight, and what a site withholds never reached it.',
  evaluation: {
    title: (job) => `Evaluation of a model of job ${job}`,
    terms: {
      model: 'SHA-256 of the model',
      cases: 'Cases',
      case: 'case',
      class: 'class',
      mean: 'mean Dice',
      interval: '95 % interval',
      median: 'median',
      least: 'least',
      missed: 'missed',
      falsePositives: 'voxels found where it is not',
      reference: 'volume (ml)',
      predicted: 'predicted (ml)',
      volumeError: 'error of volume',
      meanVolumeError: 'mean error of volume',
      byClass: 'By class',
      byCase: 'By case, the worst first',
      bySite: 'By site',
      predictedClass: 'predicted class',
      probability: 'probability of its class',
      right: 'Right',
      lesions: 'Lesions',
      found: 'found',
      sensitivity: 'sensitivity',
      falseLesions: 'false positives per case',
      frocMean: 'mean of these',
    },
    lesionNote: (neighbours, overlap) =>
      `A lesion is what hangs together by ${neighbours} neighbours; it is found where something predicted covers it with an intersection over union of ${overlap} or more. The columns from 1/8 to 8 are the sensitivity at so many false positives per case (FROC, as LUNA16 has it), by the highest probability in what was predicted.`,
    sensitivity: (specificity) => `sensitivity at a specificity of ${specificity}`,
    surfaceDice: (toleranceMm) => `surface Dice (${toleranceMm} mm)`,
    split: {
      all: 'all cases',
      validation: 'cases that the training left out',
      unseen: 'of an external test set, none of them known to the training',
    },
    severalModels: 'one for each fold',
    flatters: 'Where the model was trained on some of these cases, its figures flatter it.',
    intervalNote:
      'The interval is that of the mean: patients drawn anew 2,000 times (percentile bootstrap). It says how well the mean is known from these patients, not how far cases differ.',
    chartTitle: 'Dice of each case',
    chartDescription: (cases) =>
      `One line for each class, one dot for each of ${cases} cases that has it.`,
    byCaseNote: (shown, cases) =>
      shown === cases ? '' : `The ${shown} worst of ${cases} cases; --cases writes all to a file.`,
    localNote: 'This file names cases: it is for those who may see them.',
  },
  comparison: {
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
  },
  undefinedWhere: {
    dice: 'no figure: no validation case has the classes, or the site did not answer.',
    auc: 'no figure: the validation cases are all of one kind, or the site did not answer.',
  },
  facts: {
    'job-submitted': ({ sites, by }) => `submitted to ${names(sites)}${byWhom(by)}`,
    'gate-reported': ({ site, outcome, figures }) =>
      `data gate: ${site}: ${ENGLISH.outcome[outcome]}${figures === 'withheld' ? '; its figures will be withheld' : ''}`,
    'site-lacks': ({ site, lacks }) => `${site} is not asked: its agent lacks ${lacks.join(', ')}`,
    'gate-closed': ({ passed }) => `data gate closed: ${names(passed)} passed`,
    'gate-extended': ({ deadlineAtMs }, moment) =>
      `data gate waits on, until ${moment(deadlineAtMs)}`,
    'figures-withheld': () => 'every site withholds its figures: no best model can be chosen',
    'gate-asked-again': ({ site }) => `${site} is asked again`,
    'site-invited': ({ site, by }) => `${site} is invited${byWhom(by)}`,
    'round-opened': ({ round, deadlineAtMs, sites }, moment) =>
      `round ${round} opened${sites === undefined ? '' : ` to ${names(sites)}`}, until ${moment(deadlineAtMs)} at the latest`,
    'site-called': ({ round, site }) => `round ${round}: ${site} is called as well`,
    'update-accepted': ({ round, site, staleness = 0 }) =>
      `round ${round}: ${site} answered${staleness === 0 ? '' : ` for round ${round - staleness}`}`,
    'update-refused': ({ round, site, reason }) =>
      `round ${round}: an update of ${site} was refused: ${reason}`,
    'site-given-up': ({ round, site }) =>
      `round ${round}: ${site} given up, its updates were refused too often`,
    'site-declined': ({ round, site, reason }) =>
      `round ${round}: ${site} declined: ${ENGLISH.outcome[reason]}`,
    'site-not-awaited': ({ site }) => `${site} was silent for rounds: none waits for it`,
    'site-returned': ({ site }) => `${site} is heard of again`,
    'round-closing': ({ round, cause }) => `round ${round} closes: ${ENGLISH.closing[cause]}`,
    'round-screening': ({ round, updates }) => `round ${round}: ${updates} updates are looked at`,
    'update-quarantined': ({ round, site, reason, by }) =>
      `round ${round}: ${site}: ${ENGLISH.quarantine[reason]}${by === undefined ? '' : `, by ${by}`}`,
    'update-released': ({ round, site, by }) =>
      `round ${round}: ${site}: ${ENGLISH.terms.released}, by ${by}`,
    'update-flagged': ({ round, site, flags }) =>
      `round ${round}: ${site}: ${flags.map((flag) => ENGLISH.flags[flag]).join('; ')}`,
    'round-held': ({ round, quarantined }) =>
      `round ${round} waits for the operator: ${quarantined} left out`,
    'round-aggregating': ({ round, updates }) =>
      `round ${round}: ${updates} updates are aggregated`,
    'round-committed': ({ round }) => `round ${round} committed`,
    'no-more-gain': ({ round, lastGain }) =>
      `no gain since the model of round ${lastGain}: round ${round} was the last one`,
    'job-paused': ({ by }) => `paused${byWhom(by)}`,
    'job-resumed': ({ by }) => `resumed${byWhom(by)}`,
    'job-aborted': ({ by }) => `aborted${byWhom(by)}`,
    'job-deleted': ({ by }) => `deleted${byWhom(by)}`,
    'job-failed': ({ reason }) => `failed: ${ENGLISH.failure[reason]}`,
    'job-completed': () => 'completed',
    'site-revoked': ({ site, by }) => `${site} was revoked${byWhom(by)}`,
  },
};
