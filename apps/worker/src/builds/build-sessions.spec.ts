import type { Configuration } from '@nohands/config';
import type { BuildClaimsStore, ClaimedBuild } from '@nohands/database';
import type { CutLine } from '@nohands/domain';
import { describe, expect, it } from 'vitest';
import { BuildSessions } from './build-sessions.js';
import type { RepositoryCredentials } from '../projects/repository-credentials.js';
import type { LogFlusher } from './log.flusher.js';

/** A session whose lines are caught as they go to the store. */
function openSession(buildLogMaxBytes: number) {
  const stored: string[] = [];
  const outlet = { write: (line: CutLine) => void stored.push(line.text), omit: () => undefined };
  const sessions = new BuildSessions(
    { open: () => outlet } as unknown as LogFlusher,
    {} as BuildClaimsStore,
    { secretsOf: () => [] } as unknown as RepositoryCredentials,
    { buildLogMaxBytes, dockerRegistryPassword: 'a-long-password', secretKey: null } as Configuration,
  );
  const build = { id: 1, attempt: 1, nextLine: 1, logBytes: 0 };
  return { session: sessions.open(build as ClaimedBuild), stored };
}

describe(BuildSessions.name, () => {
  it('shows lines at once, also under the smallest size limit', () => {
    const { session, stored } = openSession(65_536);
    void session.log.output(null, 'stdout', Buffer.from('first\n'));
    expect(stored).toEqual(['first']);
  });

  it('makes of a sentence with line ends several lines, masked', () => {
    const { session, stored } = openSession(1_048_576);
    void session.log.system('It failed:\nwith a-long-password\r\nand more');
    expect(stored).toEqual(['It failed:', 'with ***', 'and more']);
  });
});
