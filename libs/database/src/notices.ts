import type { EntityManager } from 'typeorm';

/** The one channel of hints; a notice carries ids only and commits together with the rows it speaks of. */
export const noticeChannel = 'nohands';

export type Notice =
  | { readonly kind: 'build'; readonly id: number; readonly repositoryId: number; readonly revision: number }
  | { readonly kind: 'logs'; readonly builds: readonly (readonly [id: number, nextLine: number])[] }
  | { readonly kind: 'repository'; readonly id: number; readonly revision: number }
  | { readonly kind: 'job'; readonly id: number }
  | { readonly kind: 'queue' };

/** Sends a notice that reaches listeners when the surrounding transaction commits. */
export async function notify(manager: EntityManager, notice: Notice): Promise<void> {
  await manager.query('SELECT pg_notify($1, $2)', [noticeChannel, JSON.stringify(notice)]);
}

/** SQL expression that sends the notice of a changed build; for statements that move one. */
export function notifyBuildSql(alias: string): string {
  return `pg_notify('${noticeChannel}', json_build_object('kind', 'build', 'id', ${alias}.id,
    'repositoryId', ${alias}.repository_id, 'revision', ${alias}.revision)::text)`;
}

/** Reads a notice; null when it is not one of ours (another version of NoHands may send kinds we do not know). */
export function readNotice(payload: string): Notice | null {
  try {
    const value: unknown = JSON.parse(payload);
    return typeof value === 'object' && value !== null && 'kind' in value ? (value as Notice) : null;
  } catch {
    // A payload that is not JSON comes from somebody else on the channel.
    return null;
  }
}
