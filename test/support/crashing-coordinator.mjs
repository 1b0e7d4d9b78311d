/**
 * A coordinator process that kills itself, as a power cut would, just before or just after it records
 * a fact. Arguments: config path, then `before` or `after`, the fact's kind and its round (or `-`).
 * Prints one line of JSON, its ports, once it listens.
 */
import { loadCoordinatorConfig, openConfiguredStore, runCoordinator } from '@fedvox/coordinator';

const [configPath, when, kind, round] = process.argv.slice(2);

function dieIfDue(moment, facts) {
  if (moment !== when) return;
  const isDue = facts.some(
    (fact) => fact.kind === kind && (round === '-' || fact.round === Number(round)),
  );
  if (isDue) process.kill(process.pid, 'SIGKILL');
}

async function openCrashingStore(...about) {
  const store = await openConfiguredStore(...about);
  const record = async (transition) => {
    dieIfDue('before', transition.facts);
    await store.record(transition);
    dieIfDue('after', transition.facts);
  };
  return { ...store, record };
}

const config = await loadCoordinatorConfig(configPath);
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
const surroundings = { openStore: openCrashingStore, signal: stopping.signal };
await runCoordinator(config, surroundings, (ports) => {
  process.stdout.write(`${JSON.stringify(ports)}\n`);
});
