/**
 * A coordinator in a process of its own that says how it fares: asked over IPC, it answers how much
 * memory and how many connections it holds, and how long its event loop stood still since it was last
 * asked. Argument: config path.
 */
import { loadCoordinatorConfig, startCoordinator } from '@fedvox/coordinator';

const TICK_MS = 5;

const { stop, ...ports } = await startCoordinator(await loadCoordinatorConfig(process.argv[2]));
let longestBlockMs = 0;
let last = { atMs: performance.now(), cpu: process.cpuUsage() };
setInterval(() => {
  const now = { atMs: performance.now(), cpu: process.cpuUsage() };
  const lateMs = now.atMs - last.atMs - TICK_MS;
  const workedMs = (now.cpu.user - last.cpu.user + now.cpu.system - last.cpu.system) / 1000;
  // Late without having worked is another process's doing; work without being late, another thread's.
  longestBlockMs = Math.max(longestBlockMs, Math.min(lateMs, workedMs));
  last = now;
}, TICK_MS).unref();
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
