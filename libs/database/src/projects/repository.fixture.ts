import { createHash } from 'node:crypto';
import { system, type RepositoryRole, type UserPrincipal } from '@nohands/domain';
import type { DataSource } from 'typeorm';
import { UsersStore } from '../admin/users.store.js';
import type { NewCommit } from './refresh-writes.js';
import { RefreshStore, type Refresh } from './refresh.store.js';

export const worker = system('worker');

/** The SHA that a fixture commit of this name has. */
export const shaOf = (name: string) => createHash('sha1').update(name).digest('hex');

/** A commit by name; `minute` orders it in time. */
export function commit(name: string, minute = 0): NewCommit {
  return {
    sha: shaOf(name),
    message: `${name}\n`,
    author: 'Ada',
    authorEmail: 'ada@test',
    committedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)),
    parents: [],
  };
}

/** A refresh in which every named branch is new: its commits oldest first, the last one its head. */
export function freshBranches(branches: Record<string, readonly string[]>): Refresh {
  const names = [...new Set(Object.values(branches).flat())];
  return {
    defaultBranch: Object.keys(branches)[0] ?? null,
    branches: Object.entries(branches).map(([name, commits]) => ({ name, sha: shaOf(commits.at(-1) ?? '') })),
    tags: [],
    commits: names.map((name, index) => commit(name, index)),
    memberships: Object.entries(branches).map(([branch, commits]) => ({
      branch,
      mode: 'replace',
      shas: commits.map(shaOf),
    })),
  };
}

export function applyRefresh(dataSource: DataSource, repositoryId: number, refresh: Partial<Refresh>) {
  const nothing = { defaultBranch: null, branches: [], tags: [], commits: [], memberships: [] };
  return new RefreshStore(dataSource).apply(worker, repositoryId, { ...nothing, ...refresh }, null);
}

export async function makeUser(
  dataSource: DataSource,
  email: string,
  isAdmin = false,
): Promise<UserPrincipal> {
  const made = await new UsersStore(dataSource).create(worker, {
    email,
    name: email,
    passwordHash: null,
    isAdmin,
  });
  return { kind: 'user', userId: made.id, email, isAdmin, tokenId: null };
}

export async function makeMember(dataSource: DataSource, repositoryId: number, role: RepositoryRole) {
  const user = await makeUser(dataSource, `${role}@test`);
  await dataSource.query(
    'INSERT INTO repository_members (repository_id, user_id, role) VALUES ($1, $2, $3)',
    [repositoryId, user.userId, role],
  );
  return user;
}
