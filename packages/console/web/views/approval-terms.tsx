import { ClockTime, words } from '@fedvox/desk/web';
import type { ApprovalCard } from '../../src/console-contract.js';
import { byteSizeText, countText } from '../amounts.js';
import { say } from '../language.js';
import { Facts } from '../parts/facts.js';

/** What a job asks for, what would leave, and what the site's policy keeps back. */
export function ApprovalTerms({ card }: { card: ApprovalCard }) {
  const { leaves, privacy, modality, strategy, minSites, parameters } = card;
  const { list } = words.value;
  const { minCasesForMetrics: min, minCohort: cohort, weightSource } = privacy;
  return (
    <Facts
      of={[
        [say('askedAt'), <ClockTime key="asked" atMs={card.askedAtMs} />],
        [
          say('network'),
          <>
            {card.network}
            <span class="note line">{say('numbers', { n: countText(parameters) })}</span>
          </>,
        ],
        [say('rounds'), workText(card)],
        [say('classes'), card.classes.join(list)],
        [say('preprocessing'), card.preprocess.join(list)],
        [say('augmentation'), card.augment.join(list) || say('none')],
        [
          say('data'),
          [say('fewestCases', { n: card.minCases }), ...(modality === null ? [] : [modality])].join(
            list,
          ),
        ],
        [say('strategy'), say('sitesAtLeast', { strategy, n: minSites })],
        [
          say('wouldLeave'),
          say('leavesEach', {
            round: byteSizeText(leaves.roundBytes),
            total: byteSizeText(leaves.totalBytes),
            encoding: leaves.encoding,
          }) + (leaves.dataSummary ? say('leavesSummary') : ''),
        ],
        [
          say('privacy'),
          say('privacySays', { min, cohort, source: say(`weight-${weightSource}`) }),
        ],
        [say('jobDigest'), <code key="digest">{card.jobDigest}</code>],
      ]}
    />
  );
}

function workText({ rounds, localEpochs, localSteps }: ApprovalCard): string {
  if (localSteps !== null) return say('steps', { n: rounds, steps: countText(localSteps) });
  return say('passes', { n: rounds, epochs: localEpochs });
}
