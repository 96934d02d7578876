import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment, runProgram } from '@nohands/process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processesWith } from '../describe-build-engine-spec.js';
import { prepareBuildUser } from './build-user.js';

const repository = join(import.meta.dirname, '..', '..', '..', '..');

/**
 * Makes a machine where an ordinary user could build: /dev/net/tun open to all (as most systems have it) or not, and
 * this checkout and Node at places that the user may enter. All of it in a mount namespace of its own.
 */
const asOrdinaryUser = `set -eu
folder=$1 repository=$2 node=$3 uid=$4 gid=$5 mode=$6
mkdir "$folder/dev" "$folder/repository"
: >"$folder/node"
mount -t tmpfs -o mode=755 tmpfs "$folder/dev"
mknod -m "$mode" "$folder/dev/tun" c 10 200
mount --bind "$folder/dev/tun" /dev/net/tun
mount --bind "$repository" "$folder/repository"
mount --bind "$node" "$folder/node"
cd "$folder/home"
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups "$folder/node" --conditions=nohands-source --experimental-transform-types \\
  --no-warnings --import "$folder/hooks.mjs" "$folder/build.mjs" "$folder" "$7"
`;

const hooks = `import { registerHooks } from 'node:module';
registerHooks({ resolve: (s, c, next) => next(s.startsWith('.') && c.parentURL?.endsWith('.ts') ? s.replace(/\\.js$/, '.ts') : s, c) });`;

const buildScript = `import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
const [folder, token] = process.argv.slice(2);
const { BuildahEngine } = await import(folder + '/repository/libs/engine/src/buildah/buildah-engine.ts');
const home = folder + '/home';
const engine = new BuildahEngine({ stateDirectory: home + '/state', user: null });
const probe = await engine.probe();

async function build(name, run, signal, onOutput) {
  const place = home + '/' + name;
  for (const part of ['context', 'work']) mkdirSync(place + '/' + part, { recursive: true });
  copyFileSync('/bin/busybox', place + '/context/busybox');
  writeFileSync(place + '/context/Dockerfile', 'FROM scratch\\nCOPY busybox /bin/sh\\nRUN ' + run + '\\n');
  const sink = { stepStarted() {}, stepEnded() {}, output(step, stream, bytes) { onOutput(String(Buffer.from(bytes))); } };
  const places = { contextDirectory: place + '/context', workDirectory: place + '/work', layoutDirectory: place + '/layout' };
  const rest = { dockerfilePath: 'Dockerfile', target: null, buildArguments: {}, labels: {}, pullCredentials: [] };
  const request = { buildId: 1, attempt: 1, repositoryId: 1, ...places, ...rest };
  const image = await engine.build(request, sink, signal).catch((error) => String(error));
  return { image, left: readdirSync(place).sort(), work: readdirSync(place + '/work') };
}

let output = '';
const outcome = { probe };
if (probe.ready) {
  const never = new AbortController();
  outcome.done = await build('done', 'id -u; echo made > /made', never.signal, (text) => { output += text; });
  const stop = new AbortController();
  const run = 'setsid sleep ' + token + ' & echo up; sleep ' + token;
  outcome.stopped = await build('stopped', run, stop.signal, (text) => { if (text.includes('up')) stop.abort('stop'); });
}
console.log(JSON.stringify({ ...outcome, output }));`;

const token = `87${process.pid}87`;

type Built = { readonly image: unknown; readonly left: readonly string[]; readonly work: readonly string[] };
type Outcome = {
  readonly probe: { readonly ready: boolean; readonly code?: string; readonly reason?: string };
  readonly output: string;
  readonly done?: Built;
  readonly stopped?: Built;
};

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nohands-not-root-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function buildAsOrdinaryUser(tunMode: string): Promise<Outcome> {
  const { uid, gid } = await prepareBuildUser();
  mkdirSync(join(folder, 'home'));
  chmodSync(join(folder, 'home'), 0o777);
  writeFileSync(join(folder, 'hooks.mjs'), hooks);
  writeFileSync(join(folder, 'build.mjs'), buildScript);
  const inner = [folder, repository, process.execPath, String(uid), String(gid), tunMode, token];
  const args = [
    '--mount',
    '--propagation',
    'private',
    '--',
    'sh',
    '-c',
    asOrdinaryUser,
    'as-ordinary-user',
    ...inner,
  ];
  const result = await runProgram({ command: 'unshare', args, environment: baseEnvironment() });
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout.toString()) as Outcome;
}

describe('Buildah without root', () => {
  it('builds as the user itself, behind the same walls, and leaves nothing when stopped', async () => {
    const outcome = await buildAsOrdinaryUser('0666');
    expect(outcome.probe).toMatchObject({ ready: true });
    expect(outcome.output).toContain('0\n');
    expect(outcome.done).toMatchObject({ left: ['context', 'layout', 'work'], work: [] });
    expect(outcome.stopped).toEqual({ image: 'stop', left: ['context', 'work'], work: [] });
    expect(processesWith(token)).toEqual([]);
  });

  it('says what helps where the user may not make networks', async () => {
    const { probe } = await buildAsOrdinaryUser('0600');
    expect(probe).toMatchObject({ ready: false, code: 'engine_unsafe' });
    expect(probe.reason).toContain('chmod 666 /dev/net/tun');
  });
});
