import { describe, expect, it } from 'vitest';
import { readGitFailure } from './git-failure.js';

describe(readGitFailure.name, () => {
  it.each([
    ['error: RPC failed; fatal: write error: No space left on device', 'no_space'],
    ['fatal: sha1 file ... write error: Disk quota exceeded', 'no_space'],
    ["fatal: unable to access 'https://h/x/': Could not resolve host: h", 'remote_unreachable'],
    [
      "fatal: unable to access 'https://h/x/': Failed to connect to h port 443 after 2 ms: Couldn't connect to server",
      'remote_unreachable',
    ],
    [
      "fatal: unable to access 'https://h/x/': SSL certificate problem: certificate has expired",
      'remote_unreachable',
    ],
    ["fatal: unable to access 'https://h/x/': The requested URL returned error: 503", 'remote_unreachable'],
    ["fatal: unable to access 'https://h/x/': The requested URL returned error: 403", 'repository_denied'],
    ["fatal: Authentication failed for 'https://h/x/'", 'repository_denied'],
    [
      'git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.',
      'repository_denied',
    ],
    [
      "fatal: '/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
      'repository_not_found',
    ],
    ['fatal: remote error: upload-pack: not our ref 1111', 'commit_not_found'],
    ["fatal: couldn't find remote ref 1111", 'commit_not_found'],
    ['fatal: early EOF\nfatal: fetch-pack: invalid index-pack output', 'remote_unreachable'],
    ['error: object file ./objects/ab/cd is empty\nfatal: loose object abcd is corrupt', 'mirror_damaged'],
    ["fatal: not a git repository: '/data/7'", 'mirror_damaged'],
    ['something new', 'internal'],
    ['', 'internal'],
  ])('reads %j as %s', (stderr, code) => {
    const error = readGitFailure(stderr);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[A-Z].*[.?]$/);
  });

  it('never repeats credentials', () => {
    const error = readGitFailure("fatal: unable to access 'https://me:hunter2@h/x/': strange");
    expect(JSON.stringify([error.message, error.detail])).not.toContain('hunter2');
  });
});
