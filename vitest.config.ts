import { defineConfig } from 'vitest/config';

const sources = {
  resolve: { conditions: ['nohands-source'] },
  ssr: { resolve: { conditions: ['nohands-source'] } },
};

/** One project per kind of test; tools/test runs them in this order and prints minutes per suite. */
function kind(name: string, suffix: string, seconds: number, parallel: boolean) {
  return {
    ...sources,
    test: {
      name,
      include: [
        `libs/*/src/**/*${suffix}.ts`,
        `apps/{api,worker}/src/**/*${suffix}.ts`,
        `tools/**/*${suffix}.ts`,
      ],
      exclude: ['**/node_modules/**', '**/dist/**'],
      testTimeout: seconds * 1000,
      hookTimeout: 120_000,
      fileParallelism: parallel,
      // One Postgres for all files of a run; each file takes a database of its own (createTestDatabase).
      globalSetup: name === 'unit' ? [] : ['libs/testing/src/shared-postgres.setup.ts'],
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      kind('unit', '.spec', 20, true),
      kind('int', '.int-spec', 60, true),
      kind('contract', '.contract-spec', 120, false),
      kind('e2e', '.e2e-spec', 240, false),
    ],
  },
});
