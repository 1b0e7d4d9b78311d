import { defineConfig } from 'vitest/config';
import { processorFeatures, processorVariants } from './tools/processors.mjs';

/** What the engine computes, for networks too: these run as on every processor that this one can act as. */
const COMPUTED = [
  'packages/tfjs-backend-torch/src/{own-operators,sweep}.test.ts',
  'packages/tfjs-backend-torch/src/{kernels,ops}/**/*.test.ts',
  'packages/learning/src/{inference,losses,networks}/**/*.test.ts',
  'packages/learning/src/training/optimizer-steps.test.ts',
];

/** Packages whose tests leave nothing behind in a process, and share a few: half of their time would go into loading modules. */
const SHARING = [
  'agent',
  'aggregation',
  'base',
  'charts',
  'cli',
  'console',
  'coordinator',
  'desk',
  'imaging',
  'installation',
  'job',
  'learning',
  'pacs',
  'pki',
  'protocol',
  'report',
  'simulator',
  'weights',
];
const shared = [
  ...SHARING.map((name) => `packages/${name}/src/**/*.test.ts`),
  'packages/tfjs-backend-torch/src/{kernels,ops}/**/*.test.ts',
  'test/{architecture,docs,operator,security,wire}/**/*.test.ts',
];

/** Tests read the packages' sources (the `@fedvox/source` condition), never a stale build. */
export default defineConfig({
  resolve: { conditions: ['@fedvox/source', 'node'] },
  ssr: { resolve: { conditions: ['@fedvox/source', 'node'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a test waits for comes when the machine has time for it; a second is nothing beside other work.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: shared,
        },
      },
      { extends: true, test: { name: 'all-sharing', include: shared, isolate: false } },
      ...processorVariants(processorFeatures())
        .filter(({ lacks }) => lacks.length === 0)
        .map(({ name, env }) => ({
          extends: true as const,
          test: {
            name,
            include: COMPUTED,
            env: { ...env, FEDVOX_TEST_ENGINE: 'torch' },
            // A process for all of them, alone in `all`: half of the time would go into loading libtorch.
            isolate: false,
          },
        })),
    ],
  },
});
