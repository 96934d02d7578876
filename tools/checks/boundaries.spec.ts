import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importTable } from './import-table.js';

const root = join(import.meta.dirname, '..', '..');

/** What each planted file does, and where. */
const planted = {
  apiImportsGit: [
    'apps/api/src',
    `import { GitError } from '@nohands/git';\nexport const planted = GitError;\n`,
  ],
  workerImportsApi: ['apps/worker/src', `import '../../../api/src/api.module.js';\n`],
  apiImportsDatabase: [
    'apps/api/src',
    `import { BuildsStore } from '@nohands/database';\nexport const planted = BuildsStore;\n`,
  ],
  gitStartsPrograms: [
    'libs/git/src',
    `import { exec } from 'node:child_process';\nexport const planted = exec;\n`,
  ],
} as const;

describe('the import table', () => {
  const files = new Map<string, string>();
  const complaints = new Map<string, (string | null)[]>();
  beforeAll(async () => {
    // Without a project graph the rule skips itself without a word.
    process.env['NX_DAEMON'] = 'false';
    await createProjectGraphAsync();
    // All at once: in CI the parser reads the folders a single time.
    for (const [name, [place, text]] of Object.entries(planted)) {
      const file = join(mkdtempSync(join(root, place, 'planted-')), 'planted.ts');
      writeFileSync(file, text);
      files.set(file, name);
    }
    const results = await new ESLint({ cwd: root }).lintFiles([...files.keys()]);
    for (const { filePath, messages } of results) {
      complaints.set(
        files.get(filePath) ?? '',
        messages.map(({ ruleId }) => ruleId),
      );
    }
  }, 120_000);
  afterAll(() => {
    for (const file of files.keys()) rmSync(dirname(file), { recursive: true, force: true });
  });

  it('names every project of the workspace', () => {
    expect(Object.keys(importTable).length).toBeGreaterThan(14);
  });

  it('stops the API from importing git', () => {
    expect(complaints.get('apiImportsGit')).toContain('@nx/enforce-module-boundaries');
  });

  it('stops one app from importing another', () => {
    expect(complaints.get('workerImportsApi')).toContain('@nx/enforce-module-boundaries');
  });

  it('lets the API import the database', () => {
    expect(complaints.get('apiImportsDatabase')).toEqual([]);
  });

  it('stops everybody but libs/process from starting programs', () => {
    expect(complaints.get('gitStartsPrograms')).toContain('no-restricted-imports');
  });
});
