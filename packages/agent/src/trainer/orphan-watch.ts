import { workerData } from 'node:worker_threads';

/** A thread of the trainer that ends the whole process once its agent is gone. */
const LOOK_EVERY_MS = 500;
const { agentPid } = workerData as { readonly agentPid: number };

setInterval(() => {
  if (process.ppid !== agentPid) process.kill(process.pid, 'SIGKILL');
}, LOOK_EVERY_MS);
