import { workerData } from 'node:worker_threads';
import { systemClock } from '@fedvox/base/system';

/** A thread of the trainer that ends the whole process once its agent is gone. */
const LOOK_EVERY_MS = 500;
const { agentPid } = workerData as { readonly agentPid: number };

systemClock.every(LOOK_EVERY_MS, () => {
  if (process.ppid !== agentPid) process.kill(process.pid, 'SIGKILL');
});
