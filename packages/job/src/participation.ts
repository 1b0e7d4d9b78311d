import { z } from 'zod';
import { isPattern, matchesName, namePatternSchema } from './names.js';
import { STRATEGY_TERMS, type StrategySpec } from './strategies.js';

/** Which of the sites that take part in a job train in a round. The last model is evaluated by all. */
export const participationSchema = z.discriminatedUnion('kind', [
  /** Every one of them: also where a job says nothing. */
  z.strictObject({ kind: z.literal('all') }),
  /**
   * A part of them, drawn anew for each round (McMahan et al., AISTATS 2017, C of algorithm 1); never
   * fewer than `minSites`.
   */
  z.strictObject({
    kind: z.literal('fraction'),
    fraction: z
      .number()
      .gt(0)
      .lt(1)
      .describe('A part of the sites, drawn anew for each round; never fewer than `minSites`'),
  }),
  /** These, by name or by pattern; the others evaluate the last model and train in no round. */
  z.strictObject({
    kind: z.literal('named'),
    sites: z
      .array(namePatternSchema)
      .min(1)
      .describe('By name or by pattern; the others train in no round'),
  }),
]);

export type Participation = z.output<typeof participationSchema>;

/** Whether the site trains in any round at all. */
export function mayTrain(participation: Participation | undefined, site: string): boolean {
  if (participation?.kind !== 'named') return true;
  return participation.sites.some((pattern) => matchesName(pattern, site));
}

/** What is wrong with who trains, whatever sites there are; undefined where nothing is. */
export function participationFault(
  participation: Participation,
  invited: readonly string[] | undefined,
  minSites: number,
  { kind }: Pick<StrategySpec, 'kind'>,
): string | undefined {
  if (participation.kind === 'fraction' && STRATEGY_TERMS[kind].needs.everySite) {
    return `asks for a fraction of the sites, but ${kind} needs every one of them in every round`;
  }
  if (participation.kind === 'fraction' && kind === 'fedbuff') {
    return 'asks for a fraction of the sites, but fedbuff takes the first that are ready: its buffer says how many';
  }
  if (participation.kind !== 'named') return undefined;
  const { sites } = participation;
  if (!sites.some(isPattern) && minSites > new Set(sites).size) {
    return `names ${sites.length} sites, but minSites asks for ${minSites} in every round`;
  }
  const stranger = sites.find(
    (site) => !isPattern(site) && invited?.every((meant) => !matchesName(meant, site)),
  );
  return stranger === undefined ? undefined : `names ${stranger}, which federation.sites does not`;
}
