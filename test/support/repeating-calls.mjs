import { appendFileSync } from 'node:fs';
import { seededRandom } from '@fedvox/base';
import { isRefusal } from '@fedvox/protocol';
import { isTransientGrpcError } from '@fedvox/transport';

/** Messages that may come twice: whoever sends one again does not know whether it had arrived. */
const REPEATED = ['heartbeat', 'reportGate', 'beginUpload', 'submit', 'getReceipt'];

/** What may become of a copy: the first one has done it all, or the line broke. */
const isTaken = (error) => isRefusal(error, 'replayed-statement') || isTransientGrpcError(error);

/**
 * A site's calls of which some are made twice, one after the other or both at once, and statements that were
 * accepted are now and then presented once more. What was repeated is added to `list`, a line each.
 * @param repeats `share` of the calls, drawn from `seed`
 */
export function repeating(client, { seed, share, list }) {
  const random = seededRandom(seed);
  /** The statement on its way, and the last one that was accepted. */
  let [presented, accepted] = [undefined, undefined];
  const note = (what) => appendFileSync(list, `${what}\n`);

  async function copy(name, args) {
    note(name);
    await client[name](...args).catch((error) => {
      const isAborted = args.some((each) => each instanceof AbortSignal && each.aborted);
      if (!isTaken(error) && !isAborted)
        throw new Error(`a second ${name} failed`, { cause: error });
    });
  }

  async function presentAgain(envelope) {
    note('accepted statement');
    const answer = await client.beginUpload(envelope).catch((error) => {
      if (!isTaken(error)) throw new Error('an accepted statement failed', { cause: error });
    });
    if (answer !== undefined) throw new Error('a statement was taken that had been accepted');
  }

  async function call(name, args) {
    const [isTwice, isAtOnce, isOldFirst] = [share, 0.5, share].map((p) => random.uniform() < p);
    if (name === 'beginUpload' && accepted !== undefined && isOldFirst)
      await presentAgain(accepted);
    const second = isTwice && isAtOnce ? [copy(name, args)] : [];
    const [answer] = await Promise.all([client[name](...args), ...second]);
    if (isTwice && !isAtOnce) await copy(name, args);
    if (name === 'beginUpload') [presented] = args;
    if (name === 'submit') accepted = presented;
    return answer;
  }

  return new Proxy(client, {
    get: (target, name) => {
      if (REPEATED.includes(name)) return (...args) => call(name, args);
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
