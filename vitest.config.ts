import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/{kind,bench}/**/*.test.ts', 'test/example-engine/*.test.ts', 'deploy/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'integration',
          globalSetup: ['test/integration/setup.ts'],
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
          // Most of their time they wait.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup: ['test/e2e/setup.ts'],
          include: ['test/e2e/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          // Most of their time they wait for containers.
          maxWorkers: 2,
        },
      },
      // As a part of `npm test` each engine in its default version; `npm run conformance` has them all.
      {
        test: {
          name: 'conformance',
          globalSetup: ['test/e2e/engine-conformance/setup.ts'],
          include: ['test/e2e/engine-conformance/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      // What stops or replaces a part that all tests share.
      {
        test: {
          name: 'e2e-alone',
          globalSetup: ['test/e2e/setup.ts', 'test/e2e/alone/setup.ts'],
          include: ['test/e2e/alone/*.test.ts'],
          testTimeout: 400_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
      // Makes a cluster of its own.
      {
        test: {
          name: 'quickstart',
          include: ['test/e2e/quickstart/*.test.ts'],
        },
      },
      // Apart, because nothing is left after it.
      {
        test: {
          name: 'uninstall',
          globalSetup: ['test/e2e/setup.ts'],
          include: ['test/e2e/uninstall/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
