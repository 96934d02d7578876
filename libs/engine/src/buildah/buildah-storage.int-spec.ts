import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuildBench, RecordingSink, type EngineScenario } from '../describe-build-engine-spec.js';
import { prepareBuildUser, type BuildUser } from './build-user.js';
import { BuildahEngine } from './buildah-engine.js';
import { BuildahStorage } from './buildah-storage.js';

let stateDirectory = '';
let bench: BuildBench;
let user: BuildUser;
let engine: BuildahEngine;
let storage: BuildahStorage;

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'nohands-storage-'));
  bench = new BuildBench();
  user = await prepareBuildUser();
  engine = new BuildahEngine({ stateDirectory, user });
  storage = new BuildahStorage(stateDirectory, user);
});
afterAll(() => {
  bench.remove();
  rmSync(stateDirectory, { recursive: true, force: true });
});

async function build(repositoryId: number, run: string, onOutput?: (text: string) => Promise<void>) {
  const dockerfile = `FROM scratch\nCOPY busybox /bin/sh\nRUN ${run}\n`;
  const scenario: EngineScenario = { name: 'storage', dockerfile, script: { steps: [] } };
  const sink = new RecordingSink(onOutput);
  await engine.build(bench.request(scenario, { repositoryId }), sink, new AbortController().signal);
  return sink;
}

function isEmpty(name: string): boolean {
  return readdirSync(join(stateDirectory, 'storage', name)).length === 0;
}

describe(BuildahStorage.name, () => {
  it('empties what was longest unused first, and builds go on afterwards', async () => {
    await build(1, 'echo one');
    await build(2, 'echo two');
    expect(await storage.trim(Number.MAX_SAFE_INTEGER)).toBeGreaterThan(2_000_000);
    expect([isEmpty('1'), isEmpty('2')]).toEqual([false, false]);
    const all = await storage.trim(Number.MAX_SAFE_INTEGER);
    await storage.trim(all - 1);
    expect([isEmpty('1'), isEmpty('2')]).toEqual([true, false]);
    expect((await build(1, 'echo one')).text('stdout', 3)).toBe('one\n');
  });

  it('leaves storage alone while a build uses it', async () => {
    const answers: boolean[] = [];
    await build(3, 'echo up; sleep 0.5', async (text) => {
      if (text.includes('up')) answers.push(await storage.empty('3'));
    });
    expect(answers).toEqual([false]);
    expect(await storage.empty('3')).toBe(true);
    expect(isEmpty('3')).toBe(true);
  });
});
