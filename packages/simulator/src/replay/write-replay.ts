import { isThere, writeFileDurably } from '@fedvox/base/system';
import { readRun } from '@fedvox/coordinator';
import { fail } from '../errors.js';
import { scenarioOfRun } from './scenario-of-run.js';

/**
 * Writes down what repeats a job of a coordinator, as a scenario that a person may change.
 * @param stateDir of a coordinator that does not run; nothing in it is changed
 * @param path of the scenario, which is not there yet
 * @throws FedvoxError `simulator/scenario-there`, `coordinator/no-such-job`, `coordinator/state-unreadable`
 */
export async function writeReplay(stateDir: string, path: string): Promise<void> {
  if (await isThere(path)) throw fail('scenario-there', { path });
  const scenario = scenarioOfRun(await readRun(stateDir));
  // JSON is YAML as well.
  await writeFileDurably(path, `${JSON.stringify(scenario, null, 2)}\n`);
}
