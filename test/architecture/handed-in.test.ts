import { describe, expect, it } from 'vitest';
import { packageSources } from './sources.js';

interface HandedIn {
  readonly what: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

/** What a simulation has to bring of its own, so that a run goes the same way each time. */
const HANDED_IN: readonly HandedIn[] = [
  {
    what: 'sets no timer',
    pattern:
      /(?<![.\w])(set|clear)(Timeout|Interval|Immediate)\b|\bAbortSignal\.timeout\b|['"](node:)?timers(\/promises)?['"]/,
    instead: 'Clock: after, every, sleep; nextTurn where a computation gives way',
  },
  {
    what: 'asks nobody else what time it is',
    pattern: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.\w|\bhrtime\b|['"](node:)?perf_hooks['"]/,
    instead: 'Clock: nowMs',
  },
  {
    what: 'rolls no dice of its own',
    pattern: /\bMath\.random\b|\brandomUUID\b/,
    instead: 'Chance: uniform, id; Random where it is replayed; node:crypto for keys and tokens',
  },
];

/** Who may, and why. */
const MAY: Readonly<Record<string, string>> = {
  'packages/base/src/system/system-clock.ts': 'it is the clock',
  'packages/base/src/system/system-chance.ts': 'it is chance',
  'packages/base/src/next-turn.ts': 'it gives way to other work, and no time passes by it',
  'packages/tfjs-backend-torch/src/backend.ts':
    'TensorFlow.js asks its backend how long kernels took: the machine is measured, nothing decided',
};

/** Where a program takes the system's clock and chance, to hand them on; and who lives in the system's time. */
const TAKERS: Readonly<Record<string, string>> = {
  'packages/coordinator/src/compose.ts': 'a program is wired here',
  'packages/agent/src/compose.ts': 'a program is wired here',
  'packages/cli/src/surroundings.ts': 'every command is handed them from here',
  'packages/agent/src/trainer/trainer-entry.ts': 'a process of its own begins here',
  'packages/console/src/look-entry.ts': 'a process of its own begins here',
  'packages/agent/src/trainer/orphan-watch.ts': 'a thread of its own begins here',
  'packages/transport/src/socket-clock.ts': 'sockets, TLS and gRPC go by the system’s time',
  'packages/imaging/src/cache/case-cache.ts': 'ages of files are told by the file system’s time',
  'packages/imaging/src/datasets/dataset.ts': 'ages of files are told by the file system’s time',
  'packages/imaging/src/folder-scan/headers/read-headers.ts':
    'ages of files are told by the file system’s time',
};

describe('time and chance come in as arguments: production code', () => {
  const sources = packageSources().filter(
    ({ path }) => !/\.test\.ts$|\/testing\/|\/golden\//.test(path),
  );
  const using = (pattern: RegExp) =>
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

  it.each(HANDED_IN)('$what; instead: $instead', ({ pattern }) => {
    expect(using(pattern).filter((path) => MAY[path] === undefined)).toEqual([]);
  });

  it('takes the system’s only where a program begins, or where there is no other', () => {
    const taking = using(/\bsystem(Clock|Chance)\b/);
    const elsewhere = taking.filter((path) => !path.startsWith('packages/base/src/system/'));
    expect(elsewhere.sort()).toEqual(Object.keys(TAKERS).sort());
  });

  it('has no exception that it does not need', () => {
    const needed = HANDED_IN.flatMap(({ pattern }) => using(pattern));
    expect(Object.keys(MAY).filter((path) => !needed.includes(path))).toEqual([]);
  });

  it('is told apart from what only looks alike', () => {
    const [timers, now] = HANDED_IN.map(({ pattern }) => pattern) as [RegExp, RegExp];
    for (const text of [
      'setTimeout(f, 5)',
      "from 'node:timers/promises'",
      'AbortSignal.timeout(5)',
    ]) {
      expect(text).toMatch(timers);
    }
    for (const text of ['socket.setTimeout(5)', 'clock.after(5, f)'])
      expect(text).not.toMatch(timers);
    expect('new Date()').toMatch(now);
    expect('new Date(clock.nowMs())').not.toMatch(now);
  });
});
