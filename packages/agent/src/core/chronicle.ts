import type { DiaryNews } from './diary-entry.js';
import type { AgentEvent, AgentState, Now } from './machine-types.js';
import { roundOf, type Task } from './task.js';
import type { WorkProgress } from './trainer.js';

/** The epoch under way, of which only batches were told so far. */
export interface EpochUnderWay {
  readonly epoch: number;
  readonly epochs: number;
  readonly batches: number;
  readonly lossSum: number;
}

export interface Chronicle {
  readonly epoch: EpochUnderWay | null;
}

export interface ChronicleStep {
  readonly chronicle: Chronicle;
  readonly news: readonly DiaryNews[];
}

export const NO_CHRONICLE: Chronicle = { epoch: null };

/** What one step of the machine gives to write down: where it stood, what came, and where it stands. */
export function chronicleAfter(
  chronicle: Chronicle,
  before: AgentState,
  event: AgentEvent,
  after: AgentState,
): ChronicleStep {
  const { now } = before;
  const news = [
    ...approvalNews(before, event, after),
    ...workNews(now, event, after.now),
    ...callNews(now, event, after.now),
  ];
  if (now.at !== 'working' || isStillAt(now, event, after.now)) return { chronicle, news };
  return { chronicle: NO_CHRONICLE, news: [...epochNews(chronicle.epoch, now.task), ...news] };
}

/** Batches add up to their epoch, which is told once the next one begins or the work ends. */
export function chronicleOfProgress(
  { epoch: under }: Chronicle,
  task: Task | undefined,
  { phase, epoch, epochs, loss }: WorkProgress,
): ChronicleStep {
  if (phase !== 'training' || epoch === undefined || epochs === undefined || loss === undefined) {
    return { chronicle: { epoch: under }, news: [] };
  }
  if (under?.epoch === epoch) {
    const { batches, lossSum } = under;
    const next = { epoch, epochs, batches: batches + 1, lossSum: lossSum + loss };
    return { chronicle: { epoch: next }, news: [] };
  }
  const news = task === undefined ? [] : epochNews(under, task);
  return { chronicle: { epoch: { epoch, epochs, batches: 1, lossSum: loss } }, news };
}

/** The same piece of work goes on: nothing but heartbeats came by. */
function isStillAt(now: Now & { readonly at: 'working' }, event: AgentEvent, next: Now): boolean {
  const isBeat = event.kind.startsWith('heartbeat-');
  return isBeat && next.at === 'working' && next.task === now.task;
}

function epochNews(under: EpochUnderWay | null, task: Task): DiaryNews[] {
  if (under === null) return [];
  const { epoch, epochs, batches, lossSum } = under;
  return [{ kind: 'epoch', ...aboutOf(task), epoch, epochs, loss: lossSum / batches }];
}

function workNews(now: Now, event: AgentEvent, next: Now): DiaryNews[] {
  switch (event.kind) {
    case 'fetched':
      return next.at === 'working' ? [begun(next.task)] : [];
    case 'work-done': {
      if (now.at !== 'working') return [];
      return [ended(now.task, 'done'), ...gateNews(now.task, event)];
    }
    case 'work-failed': {
      if (now.at !== 'working' && now.at !== 'storing') return [];
      const { code, message } = event.failure;
      const news = ended(now.task, 'failed', code, message);
      return next.at === 'working' ? [news, begun(next.task)] : [news];
    }
    case 'stop-requested':
      return now.at === 'working' ? [ended(now.task, 'stopped')] : [];
    default: {
      if (now.at !== 'working' || next.at === 'working') return [];
      return [ended(now.task, next.at === 'stopped' ? 'stopped' : 'unwanted')];
    }
  }
}

/** Once each time that it changes what the job waits for, however often it is offered. */
function approvalNews(
  { now, memory }: AgentState,
  event: AgentEvent,
  after: AgentState,
): DiaryNews[] {
  if (event.kind !== 'fetched' || now.at !== 'fetching') return [];
  if (memory.awaiting === after.memory.awaiting) return [];
  const { job } = now.task;
  if (after.memory.awaiting.includes(job)) return [{ kind: 'approval', job, word: 'asked' }];
  return [{ kind: 'approval', job, word: event.outcome === 'pass' ? 'approved' : 'refused' }];
}

function callNews(now: Now, event: AgentEvent, next: Now): DiaryNews[] {
  const refused = next.at === 'stopped' && next.reason.kind === 'refused' ? next.reason.code : null;
  const stopped: DiaryNews[] =
    next.at === 'stopped' ? [{ kind: 'agent-stopped', refusal: refused }] : [];
  if (event.kind === 'delivered' && now.at === 'delivering') {
    const { job, round, statement } = now.answer;
    return [{ kind: 'delivered', job, round, statement }, ...stopped];
  }
  if (event.kind === 'declined' && now.at === 'declining') {
    return [{ kind: 'declined', ...aboutOf(now.task), reason: now.reason }, ...stopped];
  }
  return stopped;
}

function gateNews(
  { job }: Task,
  { result }: Extract<AgentEvent, { kind: 'work-done' }>,
): DiaryNews[] {
  if (result.kind !== 'checked') return [];
  const { outcome, validationCases } = result;
  return [{ kind: 'gate', job, outcome, validationCases }];
}

function begun(task: Task): DiaryNews {
  const { jobDigest } = task;
  return { kind: 'work-begun', ...aboutOf(task), work: task.work.kind, jobDigest };
}

function ended(
  task: Task,
  end: Extract<DiaryNews, { kind: 'work-ended' }>['end'],
  code: string | null = null,
  message: string | null = null,
): DiaryNews {
  return { kind: 'work-ended', ...aboutOf(task), work: task.work.kind, end, code, message };
}

function aboutOf(task: Task) {
  return { job: task.job, round: roundOf(task) };
}
