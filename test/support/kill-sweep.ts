import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { reservePorts } from './coordinator-process.js';
import { operatorOf } from './federation.js';
import { type Ground, type Hardship, type Outcome, PARTIES, type Party } from './ground.js';
import { Mortal } from './mortal.js';

export interface Run<Told = Outcome> {
  readonly outcome: Told;
  /** Whether the victim died where it was to. */
  readonly died: boolean;
  /** The boundaries that the victim passed, up to its death. */
  readonly passed: readonly string[];
}

/**
 * Takes a copy of the ground to its end with one of the four programs in a process of its own.
 * @param dieAt the name of the boundary at which the victim is killed; it then starts again
 */
export function runKilled(ground: Ground, victim: Party, dieAt?: string): Promise<Run> {
  return runKilledAndTell(ground, victim, dieAt, {}, (folder) => ground.outcome(folder));
}

/** The same, with what the others go through and what of the end is told. */
export async function runKilledAndTell<Told>(
  ground: Ground,
  victim: Party,
  dieAt: string | undefined,
  hardship: Hardship,
  told: (folder: string) => Promise<Told>,
): Promise<Run<Told>> {
  const folder = await ground.copy();
  const ports = await reservePorts();
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const list = join(folder, 'boundaries');
    const settings = ground.settings(victim, folder, ports);
    const mortal = new Mortal(victim, (deaths) => ({
      settings,
      env: {
        FEDVOX_STATE: join(folder, victim),
        ...(deaths === 0 && { FEDVOX_BOUNDARIES: list }),
        ...(deaths === 0 && dieAt !== undefined && { FEDVOX_DIE_AT: dieAt }),
      },
    }));
    const others = PARTIES.filter((each) => each !== victim);
    for (const each of others) stops.push(await ground.start(each, folder, ports, hardship));
    const operator = operatorOf(ground.consortium, ports.httpPort);
    const done = new AbortController();
    stops.push(() => mortal.stop());
    await Promise.race([ground.untilEnded(operator, folder), mortal.live(done.signal)]);
    done.abort();
    operator.close();
    await Promise.all(stops.toReversed().map((stop) => stop()));
    stops.length = 0;
    const passed = (await readFile(list, 'utf8').catch(() => '')).split('\n');
    const outcome = await told(folder);
    const died = mortal.deaths > 0;
    return { outcome, died, passed: passed.filter((name) => name !== '') };
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await rm(folder, { recursive: true, force: true });
  }
}
