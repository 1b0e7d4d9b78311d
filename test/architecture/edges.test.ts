import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importStatementsOf, importsOf, packageSources, pageSources } from './sources.js';

interface ForbiddenEdge {
  /** Files the rule is about. */
  readonly from: RegExp;
  /** Modules they may not import. */
  readonly to: RegExp;
  readonly reason: string;
}

const NETWORK_OR_DATABASE =
  /^(node:)?(net|tls|http|https|http2|dgram|dns)$|^@grpc\/|^fastify$|^@fastify\/|^sqlite3$|^pg$|^ioredis$|^bullmq$|^@aws-sdk\//;
const INPUT_OR_OUTPUT =
  /^(node:)?(fs|fs\/promises|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|os|timers|timers\/promises)$|^@grpc\/|^fastify$|^sqlite3$|^pg$|^ioredis$|^bullmq$|^@aws-sdk\//;
const fedvox = (...names: string[]) => new RegExp(`^@fedvox/(${names.join('|')})(/|$)`);

/** Doors beside a package's own, and why. */
const SIDE_DOORS: Readonly<Record<string, string>> = {
  'agent/cores': 'how it decides, without disk, wire or clock',
  'agent/records': 'what an agent leaves on disk, without the agent',
  'agent/trainer': 'what its child does, for a program that trains in its own process',
  'base/system': 'what is not pure',
  'base/threads':
    'what a thread is asked and answers by, and nothing else that it would have to load',
  'coordinator/cores': 'how it decides, without disk, wire or clock',
  'coordinator/client': 'its side of the calls, without the coordinator',
  'desk/web': 'parts for pages that run',
  'imaging/transforms':
    'random steps, without whatever reads files, for threads that start quickly',
  'learning/requirements': 'what a job asks of data, without an engine',
  'learning/reviews': 'what an evaluation kept, without an engine',
  'learning/settings': 'names, without an engine',
  'learning/site-rules': 'what a strategy adds to a site’s steps, without an engine',
  'pacs/settings': 'configurations, without calls',
  'report/parts': 'parts for pages that run',
  'tfjs-backend-torch/volumes':
    'volumes in arrays, without TensorFlow.js, for threads that start quickly',
  'weights/files': 'files',
};

const FORBIDDEN: readonly ForbiddenEdge[] = [
  {
    from: /^packages\/base\//,
    to: /^@fedvox\//,
    reason: 'base is what everything stands on, so it stands on nothing',
  },
  {
    from: /^packages\/job\//,
    to: /^@fedvox\/(?!base$)/,
    reason: 'a job is plain data that cores read: it needs nothing of the system',
  },
  {
    from: /^packages\/charts\/(?!.*\.test\.ts$)/,
    to: /^[^.]/,
    reason: 'a chart is text made of figures: it needs nothing but them',
  },
  {
    from: /^packages\/desk\/(?!.*\.test\.ts$)/,
    to: /^@fedvox\/(?!base(\/system)?$)/,
    reason:
      'who may open a page is the same whatever it shows: operators’ jobs or a hospital’s scans',
  },
  {
    from: /^packages\/dashboard\/(?!.*\.test\.ts$)/,
    to: fedvox('agent', 'imaging', 'learning', 'pacs', 'tfjs-backend-torch', 'simulator', 'cli'),
    reason:
      'the operators’ pages show what the coordinator tells: no scan, no engine, no site’s inside',
  },
  {
    from: /^packages\/(?!dashboard\/|cli\/|.*\.test\.ts$)/,
    to: fedvox('dashboard'),
    reason: 'pages look at the programs; no program needs its pages',
  },
  {
    from: /^packages\/console\/(?!.*\.test\.ts$)/,
    to: new RegExp(
      `${fedvox('coordinator', 'transport', 'pki', 'pacs', 'simulator', 'cli').source}|^@fedvox/agent$|${NETWORK_OR_DATABASE.source}`,
    ),
    reason:
      'a hospital’s pages read what lies there: they dial nobody, and of the agent know its records alone',
  },
  {
    from: /^packages\/console\/(?!.*\.test\.ts$)/,
    to: /^@fedvox\/(learning(?!\/(requirements|reviews)$)|tfjs-backend-torch)/,
    reason:
      'a hospital’s pages compute nothing: of learning they know what a job demands of a scan, and what an evaluation kept',
  },
  {
    from: /^packages\/(?!console\/|cli\/|.*\.test\.ts$)/,
    to: fedvox('console'),
    reason: 'pages look at the programs; no program needs its pages',
  },
  {
    from: /^packages\/report\/(?!.*\.test\.ts$)/,
    to: new RegExp(
      `^@fedvox/(?!(charts|job|protocol|aggregation|coordinator)$)|${INPUT_OR_OUTPUT.source}`,
    ),
    reason: 'a report is text made of what the coordinator tells anyway: others fetch and write',
  },
  {
    from: /^packages\/protocol\/(?!.*\.test\.ts$)/,
    to: /^@fedvox\/(?!(base|job)$)/,
    reason: 'what is said is plain data that cores read: it needs nothing of the system',
  },
  {
    from: /^packages\/protocol\/(?!.*\.test\.ts$)/,
    to: INPUT_OR_OUTPUT,
    reason: 'what is said is the same however it travels',
  },
  {
    from: /^packages\/weights\//,
    to: /^@fedvox\/(?!base(\/system)?$)/,
    reason: 'a weights file is plain data that both sides read',
  },
  {
    from: /^packages\/tfjs-backend-torch\//,
    to: /^@fedvox\/(?!base(\/system)?$)/,
    reason: 'the backend is a package that any user of TensorFlow.js may want by itself',
  },
  {
    from: /^packages\/(imaging|learning|aggregation|weights|job)\//,
    to: fedvox('protocol', 'transport', 'pki', 'pacs', 'coordinator', 'agent', 'simulator', 'cli'),
    reason: 'pixels, training and averaging are the same without a federation',
  },
  {
    from: /^packages\/(imaging|learning|aggregation|weights|job)\/(?!.*\.test\.ts$)/,
    to: NETWORK_OR_DATABASE,
    reason: 'what touches scans or weights cannot send them anywhere',
  },
  {
    from: /^packages\/pacs\/(?!.*\.test\.ts$)/,
    to: /^@fedvox\/(?!base(\/system)?$)/,
    reason: 'what talks to the archive neither understands pixels nor knows of a federation',
  },
  {
    from: /^packages\/coordinator\//,
    to: fedvox('pacs'),
    reason: 'the archive is the hospital’s: nothing of the consortium reaches into it',
  },
  {
    from: /^packages\/aggregation\/(?!.*\.test\.ts$)/,
    to: new RegExp(`${INPUT_OR_OUTPUT.source}|^@fedvox/(base/system|weights/files)$`),
    reason: 'a strategy is a pure function of the updates: whoever holds them can compute it again',
  },
  {
    from: /^packages\/agent\//,
    to: fedvox('coordinator', 'aggregation', 'simulator', 'cli'),
    reason: 'the two sides share only the protocol',
  },
  {
    from: /^packages\/coordinator\//,
    to: fedvox('agent', 'imaging', 'learning', 'tfjs-backend-torch', 'simulator', 'cli'),
    reason: 'the coordinator sees no scan and runs no tensor engine',
  },
  {
    from: /^packages\/(?!cli\/)/,
    to: fedvox('cli'),
    reason: 'the command line holds no logic that others could need',
  },
  {
    from: /^packages\//,
    to: new RegExp(`^@fedvox/(?!(${Object.keys(SIDE_DOORS).join('|')})$)[^/]+/.+`),
    reason: `src/index.ts is a package's only door, but for ${Object.entries(SIDE_DOORS)
      .map(([door, why]) => `${door}, ${why}`)
      .join('; ')}`,
  },
  {
    from: /^packages\/(?!learning\/|tfjs-backend-torch\/)(?!.*\.test\.ts$)/,
    to: /^@tensorflow\//,
    reason: 'tensors live in learning and in the engine; elsewhere there are volumes and weights',
  },
];

describe('forbidden edges', () => {
  const sources = packageSources();

  it.each(FORBIDDEN.map((rule) => [rule.reason, rule] as const))('%s', (_, rule) => {
    const broken = sources
      .filter(({ path }) => rule.from.test(path))
      .flatMap(({ path, text }) =>
        importsOf(text)
          .filter((specifier) => rule.to.test(specifier))
          .map((specifier) => `${path} imports ${specifier}`),
      );
    expect(broken).toEqual([]);
  });

  it('a page runs in a browser: it loads charts, words, Preact, its own files and no other', () => {
    const pages = pageSources().filter(({ path }) => !path.endsWith('.test.ts'));
    expect(pages.length).toBeGreaterThan(20);
    const allowed =
      /^(preact(\/hooks)?|@preact\/signals|@fedvox\/(charts|desk\/web|report\/parts)|\.{1,2}\/.*)$/;
    const broken = pages.flatMap(({ path, text }) =>
      importStatementsOf(text)
        .filter(
          ({ specifier, isType }) =>
            !allowed.test(specifier) || leavesPage(path, specifier, isType),
        )
        .map(({ specifier }) => `${path} imports ${specifier}`),
    );
    expect(broken).toEqual([]);
  });

  it('never leave a package by a relative path', () => {
    const broken = sources.flatMap(({ path, text }) => {
      const depth = path.split('/').length - 3;
      return importsOf(text)
        .filter((specifier) => specifier.startsWith('../'.repeat(depth)))
        .map((specifier) => `${path} imports ${specifier}`);
    });
    expect(broken).toEqual([]);
  });

  it('are looked for in imports, re-exports and dynamic imports alike', () => {
    const text = [
      "import { a } from '@fedvox/a';",
      "import type {\n  b,\n} from '@fedvox/b';",
      "export { c } from '@fedvox/c';",
      "import '@fedvox/d';",
      "const e = await import('@fedvox/e');",
    ].join('\n');
    expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `@fedvox/${name}`));
  });
});

/** Of its server a page knows what both say to each other, as types alone. */
function leavesPage(path: string, specifier: string, isType: boolean): boolean {
  const target = posix.join(posix.dirname(path), specifier);
  const isInside = !specifier.startsWith('.') || /^packages\/[^/]+\/web\//.test(target);
  return (
    !isInside && !(isType && /^packages\/[^/]+\/src\/([\w-]+\/)?[\w-]+-contract\.js$/.test(target))
  );
}
