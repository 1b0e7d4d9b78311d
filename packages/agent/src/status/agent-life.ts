import { LONG_POLL_MS } from '@fedvox/protocol';
import { type LockHolder, lockHolder } from '../state/lock.js';
import type { StateFolder } from '../state/state-folder.js';
import type { AgentStatus } from './agent-status.js';
import { readStatusFile } from './status-file.js';

/**
 * `starting` has said nothing yet; `silent` is there and has said nothing for too long; `killed` is
 * gone without a word; `stopped` ended in good order.
 */
export type AgentLife = 'never-started' | 'starting' | 'running' | 'silent' | 'killed' | 'stopped';

export interface AgentNow {
  readonly life: AgentLife;
  /** The process that holds the state folder. */
  readonly pid: number | null;
  /** What the agent last said, in this life or the one before; null where it never did. */
  readonly status: AgentStatus | null;
}

/** So many waits without a word, and something is wrong. */
const MISSED_WORDS = 3;
/** What a machine that is busy training may take for a word more. */
const SLACK_MS = 30_000;

/**
 * Whether the agent that wrote the status is alive, told by its lock and by how old its last word is.
 * Only on the machine where it runs: another cannot see the process.
 */
export function agentLife(
  status: AgentStatus | undefined,
  holder: LockHolder | undefined,
  nowMs: number,
): AgentLife {
  if (holder === undefined || !holder.isAlive) {
    if (status === undefined) return 'never-started';
    return status.doing.at === 'stopped' ? 'stopped' : 'killed';
  }
  if (status === undefined || status.pid !== holder.pid) return 'starting';
  const limitMs = MISSED_WORDS * Math.max(status.heartbeatIntervalMs, LONG_POLL_MS) + SLACK_MS;
  return nowMs - status.atMs > limitMs ? 'silent' : 'running';
}

/** @throws FedvoxError `agent/state-unreadable`, `agent/state-too-new` */
export async function agentNow(folder: StateFolder, nowMs: number): Promise<AgentNow> {
  const status = await readStatusFile(folder.status);
  const holder = await lockHolder(folder.lock);
  const pid = holder?.isAlive === true ? holder.pid : null;
  return { life: agentLife(status, holder, nowMs), pid, status: status ?? null };
}
