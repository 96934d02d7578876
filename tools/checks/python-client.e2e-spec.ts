import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../e2e/installation.fixture.js';
import { generatePythonClient } from '../generate/python-client.js';

type Seen = { repositories: string[]; log: string; status: string; digest: string };

describe('a Python client generated from openapi.json', () => {
  const installation = new Installation({ BUILD_ENGINE: 'buildah' });
  const folder = mkdtempSync(join(tmpdir(), 'nohands-python-'));
  let python: string;
  beforeAll(async () => {
    [python] = await Promise.all([generatePythonClient(folder), installation.start()]);
    await installation.refreshed(1);
  });
  afterAll(async () => {
    await installation.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('triggers a build and reads its log to the end', async () => {
    const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, 'python-client.py')], {
      env: { NOHANDS_ADDRESS: installation.address, NOHANDS_TOKEN: installation.adminToken },
    });
    const seen = JSON.parse(stdout) as Seen;
    expect(seen).toMatchObject({ repositories: ['sample'], status: 'success' });
    expect(seen.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(seen.log).toMatch(/line 20 of 20/);
  });
});
