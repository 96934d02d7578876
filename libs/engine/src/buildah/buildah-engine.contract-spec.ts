import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { describeBuildEngine, describeRealBuilds } from '../describe-build-engine-spec.js';
import { prepareBuildUser } from './build-user.js';
import { BuildahEngine } from './buildah-engine.js';

let stateDirectory = '';
let engine: BuildahEngine;

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'nohands-buildah-'));
  const user = process.getuid?.() === 0 ? await prepareBuildUser() : null;
  engine = new BuildahEngine({ stateDirectory, user });
});
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

describeBuildEngine(BuildahEngine.name, () => engine);
describeRealBuilds(BuildahEngine.name, () => engine);
