import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeBuildEngine } from '../describe-build-engine-spec.js';
import { prepareBuildUser } from './build-user.js';
import { BuildahEngine } from './buildah-engine.js';

let stateDirectory = '';
let engine: BuildahEngine;

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'nohands-chroot-'));
  engine = new BuildahEngine({ stateDirectory, user: await prepareBuildUser(), isolation: 'chroot' });
});
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

describe('BUILD_ISOLATION=chroot', () => {
  it('carries a standing warning', async () => {
    const probe = await engine.probe();
    expect(probe.ready && probe.warnings.join()).toContain('BUILD_ISOLATION=chroot');
  });
});

describeBuildEngine('BuildahEngine with BUILD_ISOLATION=chroot', () => engine);
