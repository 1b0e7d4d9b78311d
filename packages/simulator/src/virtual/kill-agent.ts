import { cpSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { type RunningAgent, stateFolder } from '@fedvox/agent';
import { isFedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';
import type { SiteLine } from './site-line.js';

/** An agent of this process, and the only line that it has. */
export interface MortalAgent {
  readonly site: string;
  readonly agent: RunningAgent;
  readonly line: SiteLine;
  readonly stateDir: string;
}

/**
 * Ends an agent as a kill would: nobody hears of it any more, and its state is what lies on its disk at this moment, whatever
 * it still writes while it ends in good order.
 */
export async function killAgent({ site, agent, line, stateDir }: MortalAgent): Promise<void> {
  const { root, lock } = stateFolder(stateDir);
  const asItWas = `${root}-killed`;
  line.cut(fail('site-killed', { site }));
  // In one go, so that nothing the agent still does comes in between; a draft is put in its place or is not.
  const isKept = (path: string) => path !== lock && !path.endsWith('.tmp');
  cpSync(root, asItWas, { recursive: true, filter: isKept });
  await agent.stop().catch((error: unknown) => {
    if (!isKill(error)) throw error;
  });
  await rm(root, { recursive: true });
  await rename(asItWas, root);
}

/** Whether that is what an agent ended by. */
export const isKill = (error: unknown) => isFedvoxError(error, 'simulator/site-killed');
