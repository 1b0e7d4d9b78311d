import type { AgentNow, AgentStatus } from '@fedvox/agent/records';
import { byteText } from './byte-text.js';
import { duration } from './duration.js';
import { moment } from './moment.js';

/** An agent as the people at its site read it: whether it runs, what it does, what will need them. */
export function agentStatusText(now: AgentNow, nowMs: number): string {
  const { status } = now;
  if (status === null) return lifeText(now, nowMs);
  const isOld = now.life !== 'running';
  return [
    lifeText(now, nowMs),
    ...(isOld ? ['What it last said:'] : []),
    ...lines(status, nowMs).map((line) => `  ${line}`),
  ].join('\n');
}

function lifeText({ life, pid, status }: AgentNow, nowMs: number): string {
  const ago = status === null ? '' : `${duration(Math.max(0, nowMs - status.atMs))} ago`;
  switch (life) {
    case 'never-started':
      return 'No agent has run here yet: `fedvox agent start --config …` starts it.';
    case 'starting':
      return `Process ${pid} works on the state folder, and has said nothing yet.`;
    case 'running':
      return `The agent of ${status?.site} runs (process ${pid}, Fedvox ${status?.program}).`;
    case 'silent':
      return `The agent's process ${pid} is there, but has said nothing for ${ago.replace(' ago', '')}: look at its log.`;
    case 'killed':
      return `The agent does NOT run: it ended without a word after ${ago}. Start it; nothing it signed is lost.`;
    case 'stopped':
      return `The agent does not run: it was stopped ${ago}.`;
  }
}

function lines(
  { line, doing, awaiting, disk, certificateEndsAtMs }: AgentStatus,
  nowMs: number,
): string[] {
  const since = (sinceMs: number) => `since ${moment(sinceMs)}`;
  const failure = line.failure === null ? '' : `: ${line.failure}`;
  const days = Math.floor((certificateEndsAtMs - nowMs) / 86_400_000);
  return [
    `line: ${line.state} ${since(line.sinceMs)}, ${line.address}${failure}`,
    `at: ${doingText(doing)} ${since(doing.sinceMs)}`,
    ...(awaiting.length === 0
      ? []
      : [`waiting for you: ${awaiting.join(', ')} (fedvox agent approvals)`]),
    `disk: ${byteText(disk.freeBytes)} free of ${byteText(disk.totalBytes)}`,
    `certificate: until ${moment(certificateEndsAtMs)} (${days} days)`,
  ];
}

const PLACES: Readonly<Record<AgentStatus['doing']['at'], string>> = {
  new: 'starting',
  offline: 'waiting to dial again',
  greeting: 'dialling',
  renewing: 'renewing its certificate',
  asking: 'idle, asking for work',
  abstaining: 'idle, work on offer is not for this site now',
  fetching: 'fetching job and model',
  working: 'working',
  storing: 'signing',
  reporting: 'answering the data gate',
  declining: 'declining',
  delivering: 'delivering',
  stopped: 'stopped',
};
const WORK = { 'check-data': 'data gate', train: 'training', evaluate: 'evaluation' } as const;

function doingText({ at, job, round, work, progress }: AgentStatus['doing']): string {
  const what = at === 'working' && work !== null ? WORK[work] : PLACES[at];
  const of = job === null ? '' : `, job ${job}${work === 'check-data' ? '' : `, round ${round}`}`;
  if (progress === null) return what + of;
  const { phase, done, total, epoch, epochs, loss } = progress;
  const inEpoch = epoch === undefined ? '' : ` epoch ${epoch} of ${epochs},`;
  const lossText = loss === undefined ? '' : `, loss ${loss.toFixed(4)}`;
  return `${what}${of}: ${phase.replace('-', ' ')}${inEpoch} ${done} of ${total}${lossText},`;
}
