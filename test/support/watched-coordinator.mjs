/**
 * A coordinator in a process of its own that says how it fares: asked over IPC, it answers how much
 * memory and how many connections it holds, and how long its event loop stood still since it was last
 * asked. Argument: config path.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadCoordinatorConfig, startCoordinator } from '@fedvox/coordinator';

const RESOLUTION_MS = 5;

const { stop, ...ports } = await startCoordinator(await loadCoordinatorConfig(process.argv[2]));
const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delays.enable();
process.on('message', () => {
  const longestBlockMs = delays.max / 1e6 - RESOLUTION_MS;
  delays.reset();
  const sockets = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
  process.send({
    rssBytes: process.memoryUsage.rss(),
    longestBlockMs,
    connections: sockets.length,
  });
});
process.once('SIGTERM', () => stop().then(() => process.disconnect()));
process.send(ports);
