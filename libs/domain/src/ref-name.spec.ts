import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFullSha, isRefName, parseRefText } from './ref-name.js';

const sha = 'ABCDEF0123456789abcdef0123456789abcdef01';

describe(parseRefText.name, () => {
  it.each([
    ['refs/heads/main', { kind: 'full', name: 'refs/heads/main' }],
    ['HEAD', { kind: 'full', name: 'HEAD' }],
    [sha, { kind: 'sha', sha: sha.toLowerCase() }],
    ['main', { kind: 'name', name: 'main', prefix: null }],
    ['abcdef', { kind: 'name', name: 'abcdef', prefix: null }],
    ['ABCDEF0', { kind: 'name', name: 'ABCDEF0', prefix: 'abcdef0' }],
    ['--output=x', { kind: 'name', name: '--output=x', prefix: null }],
    [';id', { kind: 'name', name: ';id', prefix: null }],
    ['größe/ärger', { kind: 'name', name: 'größe/ärger', prefix: null }],
    [`${sha}0`, { kind: 'name', name: `${sha}0`, prefix: null }],
  ])('reads %s', (text, ref) => {
    expect(parseRefText(text)).toEqual({ ok: true, ref });
  });

  it.each([
    '',
    ' main',
    'a..b',
    'a\nb',
    'a\0b',
    'main~1',
    'main^',
    'a:b',
    '@',
    'x@{1}',
    'a//b',
    '/a',
    'a/',
    '.a',
    'a.lock',
    'a*',
    '\ud800',
  ])('refuses %j', (text) => {
    expect(parseRefText(text)).toMatchObject({ ok: false, reason: expect.stringContaining('ref') });
  });

  it('never lets a revision expression through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const result = parseRefText(text);
        if (result.ok && result.ref.kind !== 'sha') {
          expect(isRefName(result.ref.name)).toBe(true);
          expect(result.ref.name).not.toMatch(/[\s~^:?*[\\]|\.\.|@\{/);
        }
      }),
    );
  });
});

describe(isFullSha.name, () => {
  it('takes forty lower-case hex digits only', () => {
    expect(isFullSha(sha)).toBe(false);
    expect(isFullSha(sha.toLowerCase())).toBe(true);
    expect(isFullSha(sha.toLowerCase().slice(1))).toBe(false);
  });
});
