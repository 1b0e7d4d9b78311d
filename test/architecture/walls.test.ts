import { describe, expect, it } from 'vitest';
import { folderCircles, type Import, importGraph, packageOf, reachOf } from './import-graph.js';
import { packageSources } from './sources.js';

/** Packages of which a core may load what is pure; the doors to the system and to files are not. */
const PURE_PACKAGES = ['aggregation', 'base', 'job', 'protocol', 'weights'];
const IMPURE_DOORS = /^packages\/(base\/src\/system|weights\/src\/files)\//;
/** Digests, schemas, the wire's encoding. */
const PURE_MODULES = ['@bufbuild/protobuf/wire', 'node:crypto', 'zod'];
/** What a program finds around it without importing anything. */
const AMBIENT = /(?<![.\w'`])(process|console|globalThis)\.\w|(?<![.\w])fetch\(/;

const graph = importGraph();
const sources = packageSources();
const isCore = (path: string) => /^packages\/[^/]+\/src\/core\//.test(path);
const cores = [
  ...new Set(
    graph
      .map(({ from }) => from)
      .filter(isCore)
      .map(packageOf),
  ),
] as string[];

function isPure(path: string, core: string): boolean {
  const owner = packageOf(path);
  if (owner === undefined) return PURE_MODULES.includes(path);
  return [core, ...PURE_PACKAGES].includes(owner) && !IMPURE_DOORS.test(path);
}

/** A core is a pure function of its events: the simulator replays it. */
describe('what each core loads, by any chain of imports', () => {
  it('is looked at in both programs', () => {
    expect(cores.sort()).toEqual(['agent', 'coordinator']);
  });

  describe.each(cores)('%s/core', (name) => {
    const files = graph
      .map(({ from }) => from)
      .filter((from) => isCore(from) && packageOf(from) === name);
    const reach = reachOf(graph, [...new Set(files)]);
    const paths = [...reach.keys()];
    const packages = [...new Set(paths.map(packageOf))].filter((each) => each !== undefined).sort();
    const modules = paths.filter((path) => packageOf(path) === undefined).sort();

    it(`is pure: ${packages.join(', ')}; ${modules.join(', ')}`, () => {
      const impure = [...reach].filter(([path]) => !isPure(path, name));
      expect(impure.map(([, chain]) => chain.join(' → '))).toEqual([]);
    });

    it('borrows no types from elsewhere either', () => {
      const foreign = graph.filter(({ from, to }) => paths.includes(from) && !isPure(to, name));
      expect(foreign.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
    });

    it('asks nothing of the process around it', () => {
      const asking = sources.filter(({ path, text }) => reach.has(path) && AMBIENT.test(text));
      expect(asking.map(({ path }) => path)).toEqual([]);
    });
  });
});

describe('a report', () => {
  it('loads nothing but what is pure: of the coordinator it takes types alone', () => {
    const files = graph.map(({ from }) => from).filter((from) => packageOf(from) === 'report');
    const program = files.filter((path) => !/\.test\.ts$|\/testing\//.test(path));
    const reach = reachOf(graph, [...new Set(program)]);
    expect(reach.size).toBeGreaterThan(10);
    const impure = [...reach].filter(
      ([path]) => packageOf(path) !== 'charts' && !isPure(path, 'report'),
    );
    expect(impure.map(([, chain]) => chain.join(' → '))).toEqual([]);
  });
});

/** By which bytes could leave a machine, and what is built on them. */
const DIALS =
  /^(node:)?(net|tls|http|https|http2|dgram|dns)$|^@grpc\/|^packages\/(transport|coordinator|pki)\//;

/** Asks `node:net` what an IP address is, and nothing else of it. */
const TELLS_ADDRESSES = 'packages/base/src/system/address.ts';

describe('what an agent leaves on disk', () => {
  it('is read without loading anything that dials, trains or listens', () => {
    const reach = reachOf(graph, ['packages/agent/src/records.ts']);
    expect(reach.size).toBeGreaterThan(20);
    const chains = [...reach].filter(
      ([path, chain]) =>
        (DIALS.test(path) || /^(node:child_process|@tensorflow\/)/.test(path)) &&
        chain.at(-2) !== TELLS_ADDRESSES,
    );
    expect(chains.map(([, chain]) => chain.join(' → '))).toEqual([]);
  });
});

/** What needs no module to be imported for. */
const ASKS = /(?<![.\w'`])fetch\(|\bnew (WebSocket|EventSource)\b/;

describe('a hospital’s console', () => {
  const files = graph.map(({ from }) => from).filter((from) => packageOf(from) === 'console');
  const reach = reachOf(graph, [...new Set(files)]);

  it('loads nothing that dials: of all that could, only what listens on loopback, in the desk', () => {
    expect(reach.size).toBeGreaterThan(100);
    const dialling = [...reach].filter(
      ([path, chain]) =>
        (DIALS.test(path) || path === 'fastify') &&
        chain.at(-2) !== TELLS_ADDRESSES &&
        packageOf(chain.at(-2) ?? '') !== 'desk',
    );
    expect(dialling.map(([, chain]) => chain.join(' → '))).toEqual([]);
    const asking = sources.filter(({ path, text }) => reach.has(path) && ASKS.test(text));
    expect(asking.map(({ path }) => path)).toEqual([]);
    expect(
      [...reach.keys()].filter((path) => /^(@tensorflow\/|packages\/tfjs)/.test(path)),
    ).toEqual([]);
  });

  it('writes what its look at the data found, and what people said and corrected in a review', () => {
    const writing = sources.filter(
      ({ path, text }) =>
        packageOf(path) === 'console' &&
        !path.endsWith('.test.ts') &&
        /\b(writeFile\w*|appendFile\w*|makeFolder\w*|createWriteStream|rename\w*|writeCorrection|rm|rmSync|unlink|mkdir\w*|makePrivateFolder)\(/.test(
          text,
        ),
    );
    expect(writing.map(({ path }) => path)).toEqual([
      'packages/console/src/data-look.ts',
      'packages/console/src/review/kept-correction.ts',
      'packages/console/src/review/verdict-log.ts',
    ]);
  });
});

describe('a command line', () => {
  it('loads what its command needs, and no other room that works', () => {
    const atOnce = graph.filter(({ isLazy }) => !isLazy);
    const reach = reachOf(atOnce, ['packages/cli/src/main.ts']);
    const rooms = [
      ...[
        'agent',
        'console',
        'coordinator',
        'dashboard',
        'desk',
        'imaging',
        'learning',
        'simulator',
      ],
      'transport',
    ];
    const loaded = rooms.flatMap((room) => reach.get(`packages/${room}/src/index.ts`) ?? []);
    expect(loaded).toEqual([]);
    expect(reach.size).toBeGreaterThan(50);
  });
});

describe('folders of a package', () => {
  const circles = folderCircles(graph);

  it(`need each other in no circle: circles between folders: ${circles.length}`, () => {
    expect(circles).toEqual([]);
  });
});

describe('the import graph', () => {
  const load = (from: string, to: string): Import => ({ from, to, isType: false, isLazy: false });

  it('follows what is loaded through files and doors, and leaves out types', () => {
    const chain = [load('a', 'b'), load('b', 'node:fs'), { ...load('a', 'c'), isType: true }];
    expect([...reachOf(chain, ['a']).values()]).toEqual([['a'], ['a', 'b'], ['a', 'b', 'node:fs']]);
    const door = graph.find(({ from }) => from === 'packages/coordinator/src/core/admission.ts');
    expect(door?.to).toMatch(/^packages\/base\/src\/index\.ts$/);
    expect(graph.some(({ to }) => to === 'packages/base/src/system/index.ts')).toBe(true);
    expect(graph.filter(({ to }) => to.startsWith('@fedvox/'))).toEqual([]);
  });

  it('knows a circle of folders, however long, and takes two files of one folder for none', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((folder) => `packages/p/src/${folder}/file.ts`) as [
      string,
      string,
      string,
    ];
    const line = [load(a, b), load(b, c), load(b, 'packages/p/src/b/other.ts')];
    expect(folderCircles(line)).toEqual([]);
    const circle = ['a', 'b', 'c'].map((folder) => `packages/p/src/${folder}`);
    expect(folderCircles([...line, { ...load(c, a), isType: true }])).toEqual([circle]);
    const [top, door] = ['packages/p/src/top.ts', 'packages/p/src/index.ts'];
    expect(folderCircles([load(door, a), load(a, top)])).toEqual([]);
    expect(folderCircles([load(top, a), load(a, top)])).toHaveLength(1);
  });
});
