import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importTable } from './import-table.js';

const root = join(import.meta.dirname, '..', '..');

describe('the import table', () => {
  const planted: string[] = [];
  // Without a project graph the rule skips itself without a word.
  beforeAll(async () => {
    process.env['NX_DAEMON'] = 'false';
    await createProjectGraphAsync();
  }, 60_000);
  afterAll(() => planted.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  const lint = async (place: string, text: string) => {
    const folder = mkdtempSync(join(root, place, 'planted-'));
    planted.push(folder);
    const file = join(folder, 'planted.ts');
    writeFileSync(file, text);
    const eslint = new ESLint({
      cwd: root,
      ruleFilter: ({ ruleId }) =>
        ruleId === '@nx/enforce-module-boundaries' || ruleId.startsWith('no-restricted'),
    });
    const [result] = await eslint.lintFiles([file]);
    return result?.messages.map(({ ruleId }) => ruleId) ?? [];
  };

  it('names every project of the workspace', () => {
    expect(Object.keys(importTable).length).toBeGreaterThan(14);
  });

  it('stops the API from importing git', async () => {
    expect(
      await lint(
        'apps/api/src',
        `import { GitError } from '@nohands/git';\nexport const planted = GitError;\n`,
      ),
    ).toContain('@nx/enforce-module-boundaries');
  }, 60_000);

  it('stops one app from importing another', async () => {
    expect(await lint('apps/worker/src', `import '../../../api/src/api.module.js';\n`)).toContain(
      '@nx/enforce-module-boundaries',
    );
  }, 60_000);

  it('lets the API import the database', async () => {
    expect(
      await lint(
        'apps/api/src',
        `import { BuildsStore } from '@nohands/database';\nexport const planted = BuildsStore;\n`,
      ),
    ).toEqual([]);
  }, 60_000);

  it('stops everybody but libs/process from starting programs', async () => {
    expect(
      await lint(
        'libs/git/src',
        `import { exec } from 'node:child_process';\nexport const planted = exec;\n`,
      ),
    ).toContain('no-restricted-imports');
  }, 60_000);
});
