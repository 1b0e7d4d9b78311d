import type { StoredFormat } from '@fedvox/base';
import { z } from 'zod';
import { type Doing, LINE_STATES } from '../core/whereabouts.js';

const ms = z.number().int().nonnegative();
const bytes = z.number().int().nonnegative();
const count = z.number().int().nonnegative();

const PLACES = [
  'new',
  'offline',
  'greeting',
  'renewing',
  'asking',
  'abstaining',
  'fetching',
  'working',
  'storing',
  'reporting',
  'declining',
  'delivering',
  'stopped',
] as const satisfies readonly Doing['at'][];

const progressSchema = z.strictObject({
  phase: z.enum(['reading-headers', 'preparing', 'training', 'evaluating']),
  /** Files, cases, or batches of the epoch. */
  done: count,
  total: count,
  epoch: z.number().int().positive().optional(),
  epochs: z.number().int().positive().optional(),
  /** Of the last batch. */
  loss: z.number().optional(),
  remainingMs: z.number().nonnegative().optional(),
});

const agentStatusSchema = z.strictObject({
  /** When this was written: milliseconds since the epoch, as all the others. */
  atMs: ms,
  startedAtMs: ms,
  /** Of Fedvox. */
  program: z.string(),
  pid: z.number().int().positive(),
  site: z.string(),
  federation: z.string(),
  line: z.strictObject({
    state: z.enum(LINE_STATES),
    sinceMs: ms,
    /** `host:port` of the coordinator. */
    address: z.string(),
    failure: z.string().nullable(),
  }),
  doing: z.strictObject({
    at: z.enum(PLACES),
    sinceMs: ms,
    job: z.string().nullable(),
    round: count.nullable(),
    work: z.enum(['check-data', 'train', 'evaluate']).nullable(),
    progress: progressSchema.nullable(),
  }),
  /** Jobs that wait for a person here to approve them, oldest first. */
  awaiting: z.array(z.string()).readonly(),
  /** How often the coordinator wants to hear of a site at work. */
  heartbeatIntervalMs: ms,
  /** Of the state folder's file system. */
  disk: z.strictObject({ freeBytes: bytes, totalBytes: bytes }),
  certificateEndsAtMs: ms,
});

/** What the agent says of itself, for the people at its site. Nothing of it is sent. */
export type AgentStatus = z.output<typeof agentStatusSchema>;

export const AGENT_STATUS: StoredFormat<AgentStatus> = {
  schema: agentStatusSchema,
  migrations: [(held: object) => ({ ...held, awaiting: [] })],
};
