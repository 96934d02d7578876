import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const pages = [
  'architecture.md',
  'operations.md',
  'reliability.md',
  'security.md',
  ...readdirSync(join(docs, 'adr')).map((name) => `adr/${name}`),
];

describe('docs', () => {
  it('reliability.md names a test for each of its promises', () => {
    const rows = readFileSync(join(docs, 'reliability.md'), 'utf8')
      .split('\n')
      .filter((line) => /^\| (?!what|-)/.test(line));
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const tests = [...row.matchAll(/`([\w./-]+-spec\.ts)`/g)].map(([, path = '']) => path);
      expect([row, tests.length]).not.toEqual([row, 0]);
      expect(tests.filter((path) => !existsSync(join(docs, '..', path)))).toEqual([]);
    }
  });

  it.each(pages)('%s links to what is there', (page) => {
    const text = readFileSync(join(docs, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path);
    expect(links.filter((path) => !existsSync(join(docs, dirname(page), path)))).toEqual([]);
  });
});
