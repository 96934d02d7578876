import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Installation, type Json } from '../e2e/installation.fixture.js';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** Every command of the `sh` blocks, continued lines joined; a block with a here-document is one command. */
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block = '']) =>
  block.includes('<<') ? [block] : block.replaceAll('\\\n', '').trim().split('\n'),
);

type Run = { readonly stdout: string; readonly folder: string };
type Step = { readonly command: RegExp; readonly check: (run: Run) => void | Promise<void> };

const json = ({ stdout }: Run): Json => JSON.parse(stdout) as Json;
const results = (run: Run): Json[] => json(run)['results'] as Json[];

/** What each command must have answered; in the order of the README. */
const steps: readonly Step[] = [
  {
    command: /api\/repositories\/$/,
    check: (run) => expect(results(run)).toMatchObject([{ id: 1, name: 'sample' }]),
  },
  {
    command: /api\/branches\/\?repository=1"$/,
    check: (run) =>
      expect(results(run).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['main', 'faster', 'broken']),
      ),
  },
  { command: /api\/commits\/\?branch=1"$/, check: (run) => expect(results(run).length).toBeGreaterThan(0) },
  { command: /api\/builds\/$/, check: (run) => expect(results(run)).toEqual([]) },
  {
    command: /api\/builds\/trigger\/ /,
    check: (run) => expect(json(run)).toMatchObject({ id: 1, repository_id: 1, commit_id: 1 }),
  },
  {
    command: /api\/builds\/1\/$/,
    check: (run) => expect(['pending', 'running', 'success']).toContain(json(run)['status']),
  },
  { command: /logs\?follow=true"$/, check: ({ stdout }) => expect(stdout).toMatch(/^line 20 of 20$/m) },
  {
    command: / -o image\.tar /,
    check: ({ folder }) => expect(existsSync(join(folder, 'image.tar'))).toBe(true),
  },
  {
    command: /^skopeo inspect oci-archive:/,
    check: (run) => expect(json(run)['Digest']).toMatch(/^sha256:[0-9a-f]{64}$/),
  },
  {
    command: /\/readyz$/,
    check: (run) => expect(json(run)).toMatchObject({ status: 'ready', database: 'ok', schema: 'ok' }),
  },
  { command: /\/readyz\?builds=1$/, check: (run) => expect(json(run)).toMatchObject({ builds: 'ready' }) },
  { command: /^cat > \.env <<END/, check: ({ folder }) => expectProductionSettings(join(folder, '.env')) },
  {
    command: /^npm run backup -- --with-key/,
    check: ({ folder }) => expect(existsSync(join(folder, 'nohands-backup.tar'))).toBe(true),
  },
  { command: /^npm run reset -- --yes$/, check: ({ stdout }) => expect(stdout).toMatch(/^Removed /m) },
  { command: /^npm run restore -- /, check: ({ stdout }) => expect(stdout).toMatch(/^Restored /m) },
];

/** These start what this test is part of, or fetch the clone it runs in. */
const notRun = /^(npm start|npm test|cd nohands|git clone <address of this repository> nohands)$/;

function expectProductionSettings(file: string): void {
  const made = readFileSync(file, 'utf8').split('\n');
  const set = made.filter((line) => /^\w+=.{8,}$/.test(line)).map((line) => line.split('=')[0]);
  const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  expect(parse(compose, { merge: true })).toHaveProperty('services.worker');
  expect(new Set(set)).toEqual(new Set([...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)));
}

describe('README.md', () => {
  const installation = new Installation({ BUILD_ENGINE: 'buildah' });
  const folder = mkdtempSync(join(tmpdir(), 'nohands-readme-'));
  beforeAll(async () => {
    await installation.start();
    await installation.refreshed(1);
  });
  afterAll(async () => {
    await installation.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (command: string): Promise<string> => {
    const isOfClone = command.startsWith('npm ');
    const script = command
      .replaceAll('http://localhost:8000', installation.address)
      .replaceAll(/^docker compose .*$/gm, '');
    const { stdout } = await promisify(execFile)('sh', ['-euc', script], {
      cwd: isOfClone ? root : folder,
      env: {
        PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(':'),
        HOME: folder,
        TOKEN: installation.adminToken,
        DATA_DIR: installation.dataDir,
      },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  };

  it('says only commands that this test knows, each of them once', () => {
    const unknown = commands.filter(
      (command) => !notRun.test(command) && steps.every((step) => !step.command.test(command)),
    );
    expect(unknown).toEqual([]);
    for (const step of steps)
      expect(commands.filter((command) => step.command.test(command))).toHaveLength(1);
    expect(commands.filter((command) => notRun.test(command))).toHaveLength(4);
    expect(scripts).toMatchObject({
      start: expect.stringContaining('tools/start/launcher.mjs') as string,
      test: expect.stringContaining('tools/test/launcher.mjs') as string,
    });
  });

  it('says what works: every command answers as it should, in the order of the page', async () => {
    for (const command of commands.filter((each) => !notRun.test(each))) {
      const step = steps.find((each) => each.command.test(command));
      if (command.startsWith('npm run reset')) await installation.stop();
      await step?.check({ stdout: await run(command), folder });
    }
  });

  it('brings back with the last of them what the first ones made', async () => {
    await installation.start();
    const build = await installation.get('/api/builds/1/');
    expect(build).toMatchObject({ status: 'success' });
    const { headers, status } = await installation.request('GET', '/api/builds/1/image');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/x-tar']);
  });

  it('links to files that are there', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path);
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
