/**
 * A coordinator in a process of its own that says how it fares: asked over IPC, it answers how much
 * memory and how many connections it holds, and how long its event loop stood still since it was last
 * asked. Argument: config path.
 */
import { existsSync, readFileSync } from 'node:fs';
import { loadCoordinatorConfig, startCoordinator } from '@fedvox/coordinator';

const TICK_MS = 5;

const { stop, ...ports } = await startCoordinator(await loadCoordinatorConfig(process.argv[2]));
let longestBlockMs = 0;
let last = { atMs: performance.now(), workedMs: workedMs() };
setInterval(() => {
  const now = { atMs: performance.now(), workedMs: workedMs() };
  const lateMs = now.atMs - last.atMs - TICK_MS;
  // Late without having worked is another process's doing.
  longestBlockMs = Math.max(longestBlockMs, Math.min(lateMs, now.workedMs - last.workedMs));
  last = now;
}, TICK_MS).unref();

/** What the thread of the event loop has worked; where the system doesn't tell, the whole process. */
function workedMs() {
  const file = `/proc/self/task/${process.pid}/schedstat`;
  if (existsSync(file)) return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

process.on('message', () => {
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
  process.send({
    rssBytes: process.memoryUsage.rss(),
    longestBlockMs,
    connections: sockets.length,
  });
  longestBlockMs = 0;
});
process.once('SIGTERM', () => stop().then(() => process.disconnect()));
process.send(ports);
