import { join } from 'node:path';
import { canonicalJson, sha256 } from '@fedvox/base';
import type { Reader } from '@fedvox/imaging';
import { driftOf, mislabellingOf } from '../scenario/events.js';
import type { Plan } from '../scenario/plan.js';
import { driftingReader } from '../shift/drifting-reader.js';
import { mislabellingReader } from '../shift/mislabelling-reader.js';

/** What reads a site's cases, and where it keeps those that are prepared. */
export interface Eyes {
  readonly reader: Reader;
  readonly cacheDir: string;
}

/** How a site sees its cases in a round, after all that events have done to its scanner and its labels. */
export function siteEyes(
  { job, events }: Pick<Plan, 'job' | 'events'>,
  site: string,
  round: number,
  clear: Eyes,
): Eyes {
  const drift = driftOf(events, site, round);
  const mislabelled = mislabellingOf(events, site, round, job.classes);
  if (drift === undefined && mislabelled === undefined) return clear;
  const seed = `${job.seed}/${site}`;
  let { reader } = clear;
  if (drift !== undefined) reader = driftingReader(reader, drift, seed);
  if (mislabelled !== undefined) reader = mislabellingReader(reader, mislabelled);
  // A folder of its own: a cache knows cases by their files, and these show them otherwise.
  const whatDecides = canonicalJson({
    ...(drift && { drift: { ...drift }, seed }),
    ...(mislabelled && { mislabelled: [...mislabelled] }),
  });
  return { reader, cacheDir: join(clear.cacheDir, `eyes-${sha256(whatDecides).slice(0, 16)}`) };
}
