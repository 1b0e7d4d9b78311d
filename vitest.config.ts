import { defineConfig } from 'vitest/config';

/** Tests read the packages' sources (the `@fedvox/source` condition), never a stale build. */
export default defineConfig({
  resolve: { conditions: ['@fedvox/source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['@fedvox/source', 'node', 'import', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
