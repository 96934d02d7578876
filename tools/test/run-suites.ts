/**
 * Runs every suite in turn, prints minutes per suite, and ends with the line `N passed, N failed[, N skipped]`.
 * Arguments name suites to run (`npm test -- unit int`); without any, all of them run.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Outcome = { readonly passed: number; readonly failed: number; readonly skipped: readonly string[] };
type Suite = { readonly name: string; readonly run: () => Promise<Outcome> };
type VitestReport = {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
};

const root = join(import.meta.dirname, '..', '..');
const reports = mkdtempSync(join(tmpdir(), 'nohands-test-'));
const allowedSkips = JSON.parse(
  readFileSync(join(import.meta.dirname, 'allowed-skips.json'), 'utf8'),
) as readonly {
  readonly test: string;
  readonly reason: string;
}[];

const suites: readonly Suite[] = [
  check('lint', ['nx', 'run-many', '-t', 'lint', '--parallel=2']),
  check('format', ['prettier', '--check', '--log-level', 'warn', '.']),
  check('types', ['tsc', '-p', 'tsconfig.spec.json']),
  vitest('unit'),
  vitest('int'),
  vitest('contract'),
  {
    name: 'web',
    run: () =>
      vitestReport('web', [
        'nx',
        'run',
        'web:test',
        '--skip-nx-cache',
        '--reporters=default',
        '--reporters=json',
        `--output-file=${reportOf('web')}`,
      ]),
  },
  vitest('e2e'),
];

function check(name: string, command: readonly string[]): Suite {
  return {
    name,
    run: async () =>
      (await execute(command)) === 0
        ? { passed: 1, failed: 0, skipped: [] }
        : { passed: 0, failed: 1, skipped: [] },
  };
}

function vitest(name: string): Suite {
  const command = [
    'vitest',
    'run',
    '--project',
    name,
    '--passWithNoTests=false',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportOf(name)}`,
  ];
  return { name, run: () => vitestReport(name, command) };
}

function reportOf(name: string): string {
  return join(reports, `${name}.json`);
}

/** Runs a vitest and counts what it reports; a run that ends badly without a failed test counts as one failure. */
async function vitestReport(name: string, command: readonly string[]): Promise<Outcome> {
  const code = await execute(command);
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(reportOf(name), 'utf8')) as VitestReport;
  } catch {
    console.error(`The suite ${name} left no report.`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const file of brokenFiles) console.error(`${file.name}: ${file.message}`);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = tests.filter(({ status }) => status === 'failed').length + brokenFiles.length;
  const skipped = tests
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName);
  const isBadWithoutReason = code !== 0 && failed === 0;
  if (isBadWithoutReason) console.error(`The suite ${name} ended with ${code} although no test failed.`);
  return { passed, failed: failed + (isBadWithoutReason ? 1 : 0), skipped };
}

function execute(command: readonly string[]): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  const chosen = wanted.length === 0 ? suites : suites.filter(({ name }) => wanted.includes(name));
  if (chosen.length === 0)
    throw new Error(`No such suite. There are: ${suites.map(({ name }) => name).join(', ')}`);
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines: string[] = [];
  for (const { name, run } of chosen) {
    console.log(`\n=== ${name}`);
    const started = performance.now();
    const outcome = await run();
    const forbidden = outcome.skipped.filter(
      (test) => !allowedSkips.some((allowed) => allowed.test === test),
    );
    for (const test of forbidden)
      console.error(`Skipped without leave (tools/test/allowed-skips.json): ${test}`);
    total.passed += outcome.passed;
    total.failed += outcome.failed + forbidden.length;
    total.skipped += outcome.skipped.length - forbidden.length;
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    lines.push(
      `${name.padEnd(10)} ${minutes.padStart(5)} min  ${outcome.passed} passed, ${outcome.failed + forbidden.length} failed`,
    );
  }
  console.log(`\n${lines.join('\n')}\n`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} finally {
  rmSync(reports, { recursive: true, force: true });
}
