import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGitUrl, type GitUrlRules } from './git-url.js';

const open: GitUrlRules = { allowLocal: true, allowPrivateAddresses: true };

describe(parseGitUrl.name, () => {
  it.each([
    [
      'https://github.com/team/app.git',
      { scheme: 'https', host: 'github.com', port: null, path: '/team/app.git' },
    ],
    ['HTTPS://GitHub.com:443/team/app', { scheme: 'https', port: null, text: 'https://github.com/team/app' }],
    ['  https://example.org/x  ', { text: 'https://example.org/x' }],
    ['http://example.org:8080/x', { scheme: 'http', port: 8080, text: 'http://example.org:8080/x' }],
    ['https://example.org:80/x', { port: 80, text: 'https://example.org:80/x' }],
    [
      'ssh://git@example.org:2222/x.git',
      { scheme: 'ssh', username: 'git', port: 2222, text: 'ssh://git@example.org:2222/x.git' },
    ],
    ['ssh://git@example.org:80/x.git', { port: 80, text: 'ssh://git@example.org:80/x.git' }],
    [
      'git@github.com:team/app.git',
      { scheme: 'ssh', username: 'git', path: 'team/app.git', text: 'git@github.com:team/app.git' },
    ],
    ['git://example.org/x', { scheme: 'git', host: 'example.org', text: 'git://example.org/x' }],
    ['https://[2606:4700::1111]/x', { host: '[2606:4700::1111]' }],
  ])('reads %s', (text, url) => {
    expect(parseGitUrl(text)).toMatchObject({ ok: true, url });
  });

  it('keeps credentials apart from the address that is stored and shown', () => {
    const result = parseGitUrl('https://me:s%2Fcret%40@example.org/x');
    expect(result).toMatchObject({
      url: { text: 'https://example.org/x', credentials: { username: 'me', password: 's/cret@' } },
    });
    expect(parseGitUrl('https://token@example.org/x')).toMatchObject({
      url: { text: 'https://example.org/x', credentials: { username: 'token', password: '' } },
    });
  });

  it.each([
    ['', 'malformed'],
    ['   ', 'malformed'],
    ['ext::sh -c id', 'unsupported_scheme'],
    [' EXT::sh -c id', 'unsupported_scheme'],
    ['fd::17', 'unsupported_scheme'],
    ['--upload-pack=x', 'malformed'],
    ['-u', 'malformed'],
    ['file:///etc', 'local_not_allowed'],
    ['/etc', 'local_not_allowed'],
    ['./x', 'local_not_allowed'],
    ['~/x', 'local_not_allowed'],
    ['C:\\repo', 'malformed'],
    ['ftp://example.org/x', 'unsupported_scheme'],
    ['javascript://example.org/x', 'unsupported_scheme'],
    ['https:example.org/x', 'malformed'],
    ['https://', 'malformed'],
    ['https://example.org', 'malformed'],
    ['https://example.org/', 'malformed'],
    ['https://example.org/x?y', 'malformed'],
    ['https://example.org/x#y', 'malformed'],
    ['https://example.org/x%0ay', 'malformed'],
    ['https://example.org/x%00y', 'malformed'],
    ['https://exa mple.org/x', 'malformed'],
    ['https://example.org\\@evil.org/x', 'malformed'],
    ['https://example.org:0/x', 'malformed'],
    ['https://example.org:99999/x', 'malformed'],
    ['https://a:b%0a@example.org/x', 'malformed'],
    ['https://example.org/x\r\n', 'malformed'],
    ['https://example.org/x\0', 'malformed'],
    ['https://example.org/\u2028', 'malformed'],
    ['ssh://-oProxyCommand=id/x', 'malformed'],
    ['-oProxyCommand=id:x', 'malformed'],
    ['ssh://-x@example.org/x', 'malformed'],
    ['ssh://git:pw@example.org/x', 'malformed'],
    ['git@example.org:-x', 'malformed'],
    ['git@:x', 'malformed'],
    ['a@b@example.org:x', 'malformed'],
    ['git://me@example.org/x', 'malformed'],
    ['https://localhost/x', 'blocked_address'],
    ['https://a.localhost/x', 'blocked_address'],
    ['https://127.0.0.1/x', 'blocked_address'],
    ['https://2130706433/x', 'blocked_address'],
    ['http://0x7f.1/x', 'blocked_address'],
    ['http://[::ffff:10.0.0.1]/x', 'blocked_address'],
    ['ssh://git@0x7f.1/x', 'blocked_address'],
    ['git@2130706433:x', 'blocked_address'],
    ['git@[::1]:x', 'blocked_address'],
    ['git://0177.1/x', 'blocked_address'],
    ['http://169.254.169.254/latest', 'blocked_address'],
  ])('refuses %j as %s', (text, code) => {
    expect(parseGitUrl(text)).toMatchObject({ ok: false, code, reason: expect.stringMatching(/\.$|\?$/) });
  });

  it('refuses 5,000 characters', () => {
    expect(parseGitUrl(`https://example.org/${'x'.repeat(5_000)}`)).toMatchObject({
      ok: false,
      code: 'malformed',
    });
  });

  it('allows paths and private hosts where the configuration says so', () => {
    expect(parseGitUrl('/srv/git/my app', open)).toMatchObject({
      url: { scheme: 'local', path: '/srv/git/my app', text: '/srv/git/my app' },
    });
    expect(parseGitUrl('file:///srv/git/a%20b', open)).toMatchObject({
      url: { scheme: 'local', path: '/srv/git/a b' },
    });
    expect(parseGitUrl('http://10.0.0.1:3000/x', open)).toMatchObject({
      url: { host: '10.0.0.1', port: 3000 },
    });
    expect(parseGitUrl('http://localhost/x', open)).toMatchObject({ ok: true });
    expect(parseGitUrl('http://169.254.169.254/x', open)).toMatchObject({ code: 'blocked_address' });
    for (const text of [
      'x/y',
      '../x',
      '/srv/../etc',
      'file://host/x',
      'file:///a%0ab',
      'ext::sh -c id',
      '--upload-pack=x',
    ]) {
      expect(parseGitUrl(text, open)).toMatchObject({ ok: false });
    }
  });

  it('gives back an address that is safe to hand to a program, and reads it again as the same', () => {
    const pieces = fc.constantFrom(
      'https://',
      'ssh://',
      'git@',
      'host.org',
      ':',
      '/',
      '@',
      '-x',
      'a b',
      '\n',
      '::',
      '%0a',
      '..',
      '[::1]',
      '10.1',
      '\\',
      'é',
      '?',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 10 }), (parts) => {
        const result = parseGitUrl(parts.join(''), open);
        if (!result.ok) return;
        expect(result.url.text).not.toMatch(/^-|^[a-z0-9+.-]*::|[\r\n\0]/i);
        const { credentials: _, ...rest } = result.url;
        expect(parseGitUrl(result.url.text, open)).toEqual({ ok: true, url: { ...rest, credentials: null } });
      }),
      { numRuns: 3_000 },
    );
  });

  it('never repeats a secret in a refusal', () => {
    for (const text of [
      'https://me:hunter22@example.org',
      'ssh://me:hunter22@example.org/x',
      'ftp://me:hunter22@h/x',
      'https://me:hunter22@127.0.0.1/x',
    ]) {
      expect(JSON.stringify(parseGitUrl(text))).not.toContain('hunter22');
    }
  });
});
