/**
 * A coordinator or an agent in a process of its own that can be made to die at any named boundary
 * (`boundaries.mjs`): at its writes to disk and database, and at its messages. Arguments: `coordinator`
 * or `agent`, then what it is started with, as JSON. Asked over IPC, it answers how many bytes of its heap
 * are in use, compiled code apart, once what is not has been collected (`--expose-gc`). It ends when whoever
 * started it has.
 */
import { setTimeout } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { boundary } from './boundaries.mjs';

const [role, given] = process.argv.slice(2);
const settings = JSON.parse(given);
/** Another version that this one plays: what it says of itself, what it speaks, and how slow its trainer is. */
const { FEDVOX_PLAY: played = '{}' } = process.env;
const { program, protocolVersion, slowMs = 0 } = JSON.parse(played);

/** Sites beat as time passes, not as work goes on. */
const TIMED = ['heartbeat', 'close'];

/** Announces a message before it is handed on, and after it was answered. */
function announced(calls, [before, after]) {
  const call = (name, original) => {
    if (TIMED.includes(name)) return original;
    if (name === 'download') return (...args) => parts(name, original(...args));
    return async (...args) => {
      boundary(`${before} ${name}`);
      const answer = await original(...args);
      // A poll that brought nothing is no step of the job.
      if (name !== 'nextTask' || answer !== undefined) boundary(`${after} ${name}`);
      return answer;
    };
  };
  async function* parts(name, original) {
    boundary(`${before} ${name}`);
    yield* original;
    boundary(`${after} ${name}`);
  }
  return new Proxy(calls, {
    get: (target, name) => {
      const value = target[name];
      return typeof value === 'function' ? call(name, value.bind(target)) : value;
    },
  });
}

/** The database's writes, by what they record. */
function announcedStore(store) {
  const READS = ['jobs', 'job', 'rounds', 'updates', 'figures', 'update', 'facts', 'deltas'];
  const write =
    (name, original) =>
    async (...args) => {
      const [{ facts = [] } = {}] = args;
      const what = [name, ...facts.map(({ kind }) => kind)].join(' ');
      boundary(`before ${what}`);
      const result = await original(...args);
      boundary(`after ${what}`);
      return result;
    };
  const isWrite = (name) => /^(add|record|spend|revoke|delete|take|keep)/.test(name);
  return Object.fromEntries(
    Object.entries(store).map(([name, value]) => [
      name,
      isWrite(name) && !READS.includes(name) && name !== 'recordSightings'
        ? write(name, value)
        : value,
    ]),
  );
}

/** Greets with another protocol's version, where one is played. */
function speaking(client, version) {
  if (version === undefined) return client;
  const { hello } = client;
  client.hello = (capabilities, signal) => hello.call(client, capabilities, signal, version);
  return client;
}

async function startCoordinator() {
  const { coordinatorConfigSchema, openConfiguredStore, startCoordinator } = await import(
    '@fedvox/coordinator'
  );
  const { silentLogger } = await import('@fedvox/base/system');
  const { SOCKETS } = await import('@fedvox/transport');
  const { stop } = await startCoordinator(coordinatorConfigSchema.parse(settings), {
    log: silentLogger(),
    ...(program && { program, protocolVersion }),
    openStore: async (...given) => announcedStore(await openConfiguredStore(...given)),
    wire: {
      ...SOCKETS,
      serve: (handlers, options) =>
        SOCKETS.serve(announced(handlers, ['on', 'before answering']), options),
    },
  });
  return stop;
}

async function startAgent() {
  const { resolveSiteConfig, siteConfigSchema, startAgent } = await import('@fedvox/agent');
  const { silentLogger } = await import('@fedvox/base/system');
  const { SOCKETS } = await import('@fedvox/transport');
  const { DigestTrainer } = await import('./digest-trainer.mjs');
  const { repeating } = await import('./repeating-calls.mjs');
  const { config, pace, repeats } = settings;
  const socket = (options) => speaking(SOCKETS.dial(options), protocolVersion);
  const dial = (options) =>
    repeats === undefined ? socket(options) : repeating(socket(options), repeats);
  const trainer = new DigestTrainer(config.site, () => setTimeout(slowMs));
  const agent = await startAgent(resolveSiteConfig(siteConfigSchema.parse(config), 'site.yaml'), {
    log: silentLogger(),
    ...(program && { program }),
    pace,
    trainer: {
      run: async (order, signal) => {
        boundary(`before ${order.work.kind}`);
        const result = await trainer.run(order, signal);
        boundary(`after ${order.work.kind}`);
        return result;
      },
      close: () => trainer.close(),
    },
    wire: { dial: (options) => announced(dial(options), ['before', 'after']) },
  });
  return () => agent.stop();
}

const stop = role === 'coordinator' ? await startCoordinator() : await startAgent();
process.on('message', () => {
  globalThis.gc();
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => !space_name.includes('code'));
  process.send(spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0));
});
process.once('SIGTERM', () => stop().then(() => process.exit()));
process.once('disconnect', () => process.exit());
