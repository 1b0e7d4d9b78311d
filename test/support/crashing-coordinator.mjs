/**
 * A coordinator process that kills itself, as a power cut would, just before or just after it records
 * a fact. Arguments: config path, then `before` or `after`, the fact's kind and its round (or `-`).
 * Prints one line of JSON, its ports, once it listens.
 */
import { loadCoordinatorConfig, openStore, startCoordinator } from '@fedvox/coordinator';

const [configPath, when, kind, round] = process.argv.slice(2);

function dieIfDue(moment, facts) {
  if (moment !== when) return;
  const isDue = facts.some(
    (fact) => fact.kind === kind && (round === '-' || fact.round === Number(round)),
  );
  if (isDue) process.kill(process.pid, 'SIGKILL');
}

async function openCrashingStore(stateDir) {
  const store = await openStore(stateDir);
  const record = async (transition) => {
    dieIfDue('before', transition.facts);
    await store.record(transition);
    dieIfDue('after', transition.facts);
  };
  return { ...store, record };
}

const config = await loadCoordinatorConfig(configPath);
const { stop, ...ports } = await startCoordinator(config, { openStore: openCrashingStore });
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.once('SIGTERM', () => stop());
