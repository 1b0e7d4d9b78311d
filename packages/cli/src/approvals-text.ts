import type { ApprovalCard } from '@fedvox/agent/records';
import { printableLine } from '@fedvox/base';
import { byteText } from './byte-text.js';
import { moment } from './moment.js';
import { table } from './table.js';

/** Which jobs wait for a person of the site, and what was answered about the others. */
export function approvalsText(cards: readonly ApprovalCard[]): string {
  if (cards.length === 0) return 'No job has asked for an approval here.';
  const rows = cards.map((card) => [
    card.job,
    answerText(card),
    moment(card.askedAtMs),
    card.network.split(' ')[0] as string,
    workText(card),
    byteText(card.leaves.totalBytes),
  ]);
  return [
    table(['job', 'answer', 'asked at', 'network', 'work', 'would leave'], rows),
    '',
    'All that a job asks for, and what its data gate would say: fedvox agent approvals JOB --config …',
  ].join('\n');
}

/** What a person needs to decide. */
export function approvalText(card: ApprovalCard): string {
  const { leaves, privacy, modality, minCases } = card;
  const facts: [string, string][] = [
    ['answer', answerText(card)],
    ['job', `${card.name}, SHA-256 ${card.jobDigest}`],
    ['asked at', `${moment(card.askedAtMs)}, last ${moment(card.lastAskedAtMs)}`],
    ['network', `${card.network}: ${card.parameters} numbers`],
    ['classes', card.classes.join(', ')],
    ['work', workText(card)],
    ['preprocessing', card.preprocess.join('; ')],
    ['augmentation', card.augment.join('; ') || 'none'],
    ['data', `${minCases} cases or more${modality === null ? '' : `, ${modality}`}`],
    ['strategy', `${card.strategy}, of ${card.minSites} sites or more`],
    [
      'would leave',
      `each round a weight delta of about ${byteText(leaves.roundBytes)} (${leaves.encoding}), ` +
        `Dice and AUC, a weight; about ${byteText(leaves.totalBytes)} in all.${leaves.dataSummary ? SUMMARY : ''} No scan, no label, no name.`,
    ],
    [
      'by policy',
      `figures about fewer than ${privacy.minCasesForMetrics} cases are withheld; the weight is ` +
        `${WEIGHTS[privacy.weightSource]}; no round of fewer than ${privacy.minCohort} sites`,
    ],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [card.job, ...facts.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n');
}

const SUMMARY = ' At the data gate, medians of spacing, size and intensity.';

const WEIGHTS = {
  examples: 'the number of training cases',
  declared: 'a number that this site declared',
  uniform: 'the same for every site',
} as const;

function answerText({ answer }: ApprovalCard): string {
  if (answer === null) return 'waits for you';
  const { verdict, atMs, by, reason } = answer;
  const why = reason === null ? '' : `: ${reason}`;
  return printableLine(`${verdict} by ${by} at ${moment(atMs)}${why}`);
}

function workText({ rounds, localEpochs, localSteps }: ApprovalCard): string {
  if (localSteps !== null) return `${rounds} rounds of ${localSteps} steps`;
  return `${rounds} rounds of ${localEpochs} ${localEpochs === 1 ? 'pass' : 'passes'} over the data`;
}
