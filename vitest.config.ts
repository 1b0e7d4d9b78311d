import { defineConfig } from 'vitest/config';

/** What the engine's own operators do; every one has a body of ATen's operators beside its own loops. */
const OPERATORS = [
  'packages/tfjs-backend-torch/src/{kernels,ops}/**/*.test.ts',
  'packages/learning/src/{losses,networks}/**/*.test.ts',
];

/** Tests read the packages' sources (the `@fedvox/source` condition), never a stale build. */
export default defineConfig({
  resolve: { conditions: ['@fedvox/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@fedvox/source', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'all', include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'composed',
          include: OPERATORS,
          env: { FEDVOX_TORCH_INSTRUCTION_SET: 'baseline' },
        },
      },
    ],
  },
});
