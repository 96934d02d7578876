/**
 * `npm run test:dagger`: the contract of an engine and the figures of the documents, on a real Dagger engine that is
 * already running. Nothing is pulled, started or downloaded here.
 */
import { startVitest } from 'vitest/node';

const engineHost = process.env['_EXPERIMENTAL_DAGGER_RUNNER_HOST'];
const daggerBin = process.env['_EXPERIMENTAL_DAGGER_CLI_BIN'];

if (!engineHost || !daggerBin) {
  console.error(
    [
      'These tests need a Dagger engine that runs already, and its CLI:',
      '  _EXPERIMENTAL_DAGGER_RUNNER_HOST=unix:///run/dagger/engine.sock (or tcp://host:port)',
      '  _EXPERIMENTAL_DAGGER_CLI_BIN=<path of the dagger program>',
      'One of the two is not set, so nothing was tested.',
    ].join('\n'),
  );
  process.exit(1);
}

const vitest = await startVitest(
  'test',
  [],
  {
    config: false,
    watch: false,
    include: ['libs/engine/src/dagger/**/*.real-spec.ts', 'tools/e2e/*.real-spec.ts'],
    provide: { dagger: { daggerBin, engineHosts: [engineHost] } },
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
  {
    resolve: { conditions: ['nohands-source'] },
    ssr: { resolve: { conditions: ['nohands-source'] } },
  },
);
// Vitest sets the exit code for a failed test; finding none must be a failure too.
if (vitest.state.getFiles().length === 0) process.exitCode = 1;
await vitest.close();
