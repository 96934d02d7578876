import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { findSubordinateRange } from './build-user.js';

/** Why this user, who is not root, cannot build safely, with the line that helps; null where nothing is known. */
export async function findRootlessObstacle(): Promise<string | null> {
  const { username, uid } = userInfo();
  for (const kind of ['uid', 'gid'] as const) {
    if ((await findSubordinateRange(`/etc/sub${kind}`, [username, String(uid)])) === null) {
      const fix = `usermod --add-sub${kind}s 100000-165535 ${username}`;
      return `Builds are off: the user ${username} has no range of 65536 ids in /etc/sub${kind}. As root, with a range that nobody has: ${fix}`;
    }
  }
  try {
    await access('/dev/net/tun', constants.R_OK | constants.W_OK);
    return null;
  } catch {
    // Expected: ENOENT (no such module) and EACCES.
    return 'Builds are off: slirp4netns, which gives builds a network of their own, may not open /dev/net/tun. As root: modprobe tun && chmod 666 /dev/net/tun';
  }
}
