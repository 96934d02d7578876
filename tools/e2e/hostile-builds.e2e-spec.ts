import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GitFixture } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation, type Json } from './installation.fixture.js';

const registryAccount = { username: 'pusher', password: 'a-password-of-the-registry' };

/** What a hostile RUN does, by a static busybox alone; what it finds it prints. Ends well, whatever it found. */
const probe = `
echo "== processes"
for process in /proc/[0-9]*; do
  tr '\\0' ' ' <$process/cmdline; tr '\\0' '\\n' <$process/environ; ls -l $process/root $process/cwd $process/exe
  cat $process/root$PLANTED $process/cwd/../../../../../..$PLANTED
done 2>&1
ps
echo "== files"
cat $PLANTED /mnt/host$PLANTED
for path in /etc/shadow /mnt/host/etc/shadow /etc/passwd /mnt/host/etc/passwd; do cat $path; done
# By another alphabet, so that no masking of the log hides what was found.
find / -xdev -name '*auth*' -type f >/found
find /mnt/host -path /mnt/host/usr -prune -o -path /mnt/host/proc -prune -o -name '*auth*' -type f -print >>/found
while read -r file; do tr 'A-Za-z' 'N-ZA-Mn-za-m' <$file; done </found
for process in /proc/[0-9]*; do tr 'A-Za-z' 'N-ZA-Mn-za-m' <$process/environ; done
echo
find / -xdev -name '.s.PGSQL*' -o -xdev -name location.json -o -xdev -name secret.key
ls -la $SOCKETS /mnt/host$SOCKETS
mkdir -p /out && mount --bind / /out && cat /out$PLANTED
unshare -m true && echo "unshared"
cd /; for step in 1 2 3 4 5 6 7 8; do cat .$PLANTED && break; cd ..; done
echo "== devices"
for device in /dev/* /dev/*/*; do [ -b $device ] && echo "block device $device"; done
for name in mem kmem kmsg kvm fuse loop-control; do [ -c /dev/$name ] && echo "device $name"; done
mknod /disk b 8 0 && head -c 16 /disk && echo "made a disk"
mount -t proc proc /proc && echo "mounted proc"
echo 1 >/proc/sys/kernel/core_pattern && echo "wrote core_pattern"
dmesg && echo "read dmesg"
echo "== services"
for address in 127.0.0.1 ::1 10.0.2.2 localhost host.containers.internal; do
  for port in $PORTS; do echo hello | nc -w 2 $address $port & done
done
wait
echo "== done"
`;

const stages = `FROM scratch AS base
COPY busybox /bin/sh
FROM base AS trap
COPY trap /
FROM base
COPY probe.sh values /
`;

const dockerfiles: Record<string, string> = {
  looks: `${stages}RUN . /values; . /probe.sh\n`,
  // CVE-2024-1753: the source of the mount is a link to / inside of another stage.
  mounts: `${stages}RUN --mount=type=bind,from=trap,source=/host,target=/mnt/host,rw . /values; . /probe.sh\n`,
  'mounts-context': `${stages}RUN --mount=type=bind,source=trap/host,target=/mnt/host,rw . /values; . /probe.sh\n`,
  'mounts-secret': `${stages}RUN --mount=type=secret,id=x,src=/etc/passwd . /values; cat /run/secrets/x; echo "== done"\n`,
  'copies-link': `${stages}COPY trap/host/etc/passwd /stolen\nRUN cat /stolen; echo "== done"\n`,
  'copies-from-link': `${stages}COPY --from=trap /host/etc/passwd /stolen\nRUN cat /stolen; echo "== done"\n`,
};

/** Listens on an address of the loopback and remembers who came. */
async function listen(host: string, port: number, visits: string[]): Promise<Server> {
  const server = createServer((socket) => {
    visits.push(host);
    socket.on('error', () => undefined).end('a secret of the service\n');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

describe('a hostile Dockerfile', () => {
  const secret = `planted-${randomUUID()}`;
  const visits: string[] = [];
  const servers: Server[] = [];
  let installation: Installation;
  let neighbour: ChildProcess;
  let folder: string;
  let planted: string;
  let repository: Json;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nohands-e2e-hostile-'));
    planted = mkdtempSync('/var/tmp/nohands-e2e-planted-');
    chmodSync(planted, 0o755);
    writeFileSync(join(planted, 'file'), `${secret}\n`);
    chmodSync(join(planted, 'file'), 0o644);
    // Its arguments and its environment hold the secret.
    neighbour = spawn('sleep', ['3600', '0.000001'], { env: { PATH: '/usr/bin:/bin', SECRET: secret } });
    const first = await listen('127.0.0.1', 0, visits);
    const { port } = first.address() as AddressInfo;
    servers.push(first, await listen('::1', port, visits));
    installation = await new Installation({
      BUILD_ENGINE: 'buildah',
      GIT_ALLOW_LOCAL: 'true',
      DOCKER_REGISTRY: '127.0.0.1:9',
      DOCKER_REGISTRY_USERNAME: registryAccount.username,
      DOCKER_REGISTRY_PASSWORD: registryAccount.password,
    }).start();
    const git = new GitFixture(join(folder, 'hostile'));
    git.commit('a shell', { busybox: readFileSync('/bin/busybox') });
    chmodSync(join(git.directory, 'busybox'), 0o755);
    git.commit('the probe', {
      'probe.sh': probe,
      'trap/host': { link: '/' },
      values: [
        `PLANTED=${join(planted, 'file')}`,
        `SOCKETS=${socketFolder(installation)}`,
        `PORTS="${port} ${new URL(installation.address).port}"`,
        '',
      ].join('\n'),
    });
    for (const [name, text] of Object.entries(dockerfiles)) {
      git.git('checkout', '--quiet', '-b', name, 'main');
      git.commit(name, { Dockerfile: text });
    }
    repository = await installation.addRepository('hostile', git.directory);
    expect(repository).toMatchObject({ refresh_status: 'idle' });
  });
  afterAll(async () => {
    neighbour.kill('SIGKILL');
    await installation.remove();
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
    rmSync(planted, { recursive: true, force: true });
  });

  /** Builds a branch; answers the build and all that its log shows to whoever may read it. */
  async function build(ref: string): Promise<{ build: Json; shown: string }> {
    const id = await installation.trigger({ repository_id: repository['id'], ref });
    const ended = await installation.ended(id);
    const { body } = await installation.request('GET', `/api/builds/${id}/logs`);
    return { build: ended, shown: `${String(body['text'])}\n${JSON.stringify(ended)}` };
  }

  function expectNothingFound(shown: string): void {
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain('a secret of the service');
    // What the worker, the API and the database are started with.
    expect(shown).not.toMatch(/SECRET_KEY=|DATABASE_URL=|DATA_DIR=|postgres -D|apps\/worker|dist\/main\.js/);
    expect(shown).not.toContain(installation.adminToken);
    expect(shown).not.toMatch(/^\.s\.PGSQL|\/\.s\.PGSQL|^\/.*(location\.json|secret\.key)$/m);
    // Users of the machine; the sandbox's own list holds root and the build user, without shell or password.
    expect(shown).not.toMatch(/^(daemon|bin|sys|postgres|www-data|root:[*!$])/m);
    const { username, password } = registryAccount;
    for (const form of [shown, rot13(shown)]) {
      expect(form).not.toContain(password);
      expect(form).not.toContain(Buffer.from(`${username}:${password}`).toString('base64'));
      expect(form).not.toMatch(/"auth":|SECRET_KEY=|DATABASE_URL=/);
    }
    expect(shown).not.toMatch(/^(block device|device |made a disk|wrote core_pattern|read dmesg)/m);
    expect(visits).toEqual([]);
  }

  it('that looks around finds no process, file, device or service of the machine', async () => {
    const { build: looked, shown } = await build('looks');
    expect(looked).toMatchObject({ status: 'success' });
    for (const place of ['processes', 'files', 'devices', 'services', 'done'])
      expect(shown).toMatch(new RegExp(`^== ${place}$`, 'm'));
    expectNothingFound(shown);
  });

  it.each(['mounts', 'mounts-context', 'mounts-secret', 'copies-link', 'copies-from-link'])(
    'that %s finds nothing, or is refused',
    async (ref) => {
      const { build: tried, shown } = await build(ref);
      expectNothingFound(shown);
      if (tried['status'] === 'success') expect(shown).toMatch(/^== done$/m);
      else expect(tried).toMatchObject({ status: 'failed', attempt: 1, image_digest: null });
    },
  );

  it('leaves nothing behind: no process of a build, and the planted file as it was', () => {
    expect(installation.pids('probe.sh')).toEqual([]);
    expect(readFileSync(join(planted, 'file'), 'utf8')).toBe(`${secret}\n`);
    expect(readdirSync(planted)).toEqual(['file']);
  });
});

function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0);
    return String.fromCharCode((code & 31) <= 13 ? code + 13 : code - 13);
  });
}

/** Where the embedded database of an installation listens. */
function socketFolder({ dataDir }: Installation): string {
  const { home } = JSON.parse(readFileSync(join(dataDir, 'location.json'), 'utf8')) as { home: string };
  return join(home, 'postgres', 'run');
}
