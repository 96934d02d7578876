import { GitError, type GitErrorCode } from './git-error.js';

type Rule = readonly [pattern: RegExp, code: GitErrorCode, sentence: string];

/** What git says (LANG=C) and what it means; the first rule that fits decides. */
const rules: readonly Rule[] = [
  [
    /No space left on device|Disk quota exceeded/i,
    'no_space',
    'The disk of the worker is full. Free some space in DATA_DIR and try again.',
  ],
  [
    /dubious ownership/i,
    'repository_denied',
    'The repository on this machine belongs to another user, and git refuses to read it.',
  ],
  [
    /Host key verification failed/i,
    'remote_unreachable',
    'The ssh server shows another host key than before. If that is right, remove its line from known_hosts.',
  ],
  [
    /Authentication failed|could not read (?:Username|Password)|returned error: 40[13]\b|Permission denied \(|terminal prompts disabled|access denied/i,
    'repository_denied',
    'The git server refuses the credentials, or wants some. Check user name, password or token of the repository.',
  ],
  [
    /not our ref|couldn't find remote ref|unadvertised object/i,
    'commit_not_found',
    'The git server does not have this commit, or does not hand it out.',
  ],
  [
    /does not appear to be a git repository|repository '[^']*' not found|Repository not found|returned error: (?:404|410)\b|not valid: is this a git repository/i,
    'repository_not_found',
    'There is no git repository at this address. Check the address; it may also be private and need credentials.',
  ],
  [
    /SSL|TLS|certificate/i,
    'remote_unreachable',
    'The certificate of the git server cannot be trusted. Check it, or have its authority installed on the worker.',
  ],
  [
    /Could not resolve host|unable to look up|Name or service not known|Temporary failure in name resolution/i,
    'remote_unreachable',
    'The host name of the git server cannot be found. Check the address and the name service of the worker.',
  ],
  [
    /Connection refused|Failed to connect/i,
    'remote_unreachable',
    'The git server refuses the connection. Does it run, and is the port right?',
  ],
  [
    /timed? ?out|Operation too slow|Network is unreachable|No route to host|Could(?: not|n't) connect/i,
    'remote_unreachable',
    'The git server does not answer. Try again later, or check the network of the worker.',
  ],
  [
    /RPC failed|hung up|early EOF|Connection reset|Empty reply|bad line length|protocol error|unexpected disconnect|invalid server response|Could not read from remote|requested URL returned error/i,
    'remote_unreachable',
    'The connection to the git server broke. Try again.',
  ],
  [
    /not a git repository|bad object|is empty$|corrupt|packfile|loose object|missing (?:blob|tree|commit|object)|unable to read|inflate|bad (?:tree|config|pack|index)|garbage|Could not read [0-9a-f]{40}|cannot (?:read|map)|broken|index file|not a valid object|unknown object|unable to parse|Failed to traverse|error processing|bad signature|did not send all necessary objects/im,
    'mirror_damaged',
    'The local copy of the repository is damaged.',
  ],
];

/** The typed error for what git wrote to standard error before it ended with a failure. */
export function readGitFailure(stderr: string): GitError {
  const rule = rules.find(([pattern]) => pattern.test(stderr));
  const detail = lastWords(stderr);
  if (rule === undefined) return new GitError('internal', 'Git failed in an unexpected way.', detail);
  return new GitError(rule[1], rule[2], detail);
}

/** The last lines without anything that could be a credential (`user:password@`). */
function lastWords(stderr: string): string | null {
  const text = stderr.replace(/\/\/[^@/\s]*@/g, '//***@').trim();
  return text === '' ? null : text.slice(-1_000);
}
