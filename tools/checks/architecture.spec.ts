import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importTable } from './import-table.js';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');

/** The rows of the page's import table, as `[project, what it may import]`. */
function printedTable(): [string, string[]][] {
  const [, table = ''] = /<!-- import table: begin -->([\s\S]*)<!-- import table: end -->/.exec(page) ?? [];
  return [...table.matchAll(/^\| `([\w-]+)` +\| (.*?) *\|$/gm)].map(([, project = '', imports = '']) => [
    project,
    [...imports.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name),
  ]);
}

describe('docs/architecture.md', () => {
  it('prints the import table that ESLint holds', () => {
    expect(printedTable()).toEqual(Object.entries<string[]>(importTable));
  });

  it('names every app and every lib', () => {
    const floors = ['apps', 'libs'].flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `\`${folder}/${name}\``),
    );
    expect(floors.filter((floor) => !page.includes(`| ${floor}`))).toEqual([]);
  });

  it('names files that are there, by their names', () => {
    const sources = ['apps', 'libs', 'tools'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      ),
    );
    const named = [...page.matchAll(/`([\w./-]+\.(?:ts|js|mjs|json))`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(12);
    expect(named.filter((path) => !sources.some((source) => `/${source}`.endsWith(`/${path}`)))).toEqual([]);
  });
});
