import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkImageName, longestImageName, numberImageName, proposeImageName } from './image-name.js';

describe(checkImageName.name, () => {
  it.each(['app', 'team/app', 'a.b_c__d--e/f0', 'x'.repeat(longestImageName)])('takes %s', (name) => {
    expect(checkImageName(name)).toBeNull();
  });

  it.each([
    '',
    'App',
    '-a',
    'a-',
    'a..b',
    'a___b',
    'a//b',
    '/a',
    'a/',
    'a:b',
    'a@b',
    'a b',
    'ä',
    'a\n',
    'x'.repeat(longestImageName + 1),
  ])('refuses %j with a sentence', (name) => {
    expect(checkImageName(name)).toMatch(/^An image name .*\.$/);
  });
});

describe(proposeImageName.name, () => {
  it.each([
    ['My App', 'my-app'],
    ['Team/App.git', 'team/app'],
    ['Grösse & Länge', 'grosse-lange'],
    ['.hidden', 'hidden'],
    ['a___b', 'a-b'],
    ['a.-b', 'a-b'],
    ['node.js', 'node.js'],
    ['我的', 'repository'],
    ['', 'repository'],
  ])('makes %s into %s', (name, proposal) => {
    expect(proposeImageName(name)).toBe(proposal);
  });

  it('always proposes a valid name, numbered or not', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.integer({ min: 1, max: 9_999 }),
        (text, number) => {
          expect(checkImageName(proposeImageName(text))).toBeNull();
          expect(checkImageName(numberImageName(proposeImageName(text), number))).toBeNull();
        },
      ),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ0._-/ '), maxLength: 200 }), (text) => {
        expect(checkImageName(proposeImageName(text))).toBeNull();
      }),
    );
  });

  it('leaves a valid name as it is', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(
          /^[a-z0-9]{1,9}([._-][a-z0-9]{1,9}){0,3}(\/[a-z0-9]{1,9}(--[a-z0-9]{1,9}){0,2}){0,3}$/,
        ),
        (name) => {
          fc.pre(!/\.git(\/|$)/.test(name));
          expect(proposeImageName(name)).toBe(name);
        },
      ),
    );
  });

  it('numbers a taken name', () => {
    expect([1, 2, 3].map((number) => numberImageName('app', number))).toEqual(['app', 'app-2', 'app-3']);
  });
});
