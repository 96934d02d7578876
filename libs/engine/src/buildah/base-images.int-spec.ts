import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment, runProgram } from '@nohands/process';
import { startRegistry, type RegistryServer } from '@nohands/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildRequest } from '../build-engine.js';
import { BuildBench, RecordingSink, type EngineScenario } from '../describe-build-engine-spec.js';
import { prepareBuildUser } from './build-user.js';
import { BuildahEngine } from './buildah-engine.js';

const account = { username: 'puller', password: 'right password' };
const never = new AbortController().signal;
let stateDirectory = '';
let bench: BuildBench;
let open: RegistryServer;
let closed: RegistryServer;
let engine: BuildahEngine;

beforeAll(async () => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'nohands-base-'));
  bench = new BuildBench();
  [open, closed] = await Promise.all([startRegistry(), startRegistry(account)]);
  engine = new BuildahEngine({
    stateDirectory,
    user: await prepareBuildUser(),
    insecureRegistries: [open.address, closed.address],
    registryMirrors: [{ registry: 'docker.io', mirror: open.address }],
  });
  const base = await build('FROM scratch\nCOPY busybox /bin/sh\nENV FROM_BASE=yes\n');
  await copy(base.image.layoutDirectory, `${open.address}/library/node:24`, []);
  await copy(base.image.layoutDirectory, `${closed.address}/team/base:1`, [
    `--dest-creds=${account.username}:${account.password}`,
  ]);
});
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()]);
  bench.remove();
  rmSync(stateDirectory, { recursive: true, force: true });
});

async function copy(layout: string, destination: string, options: string[]): Promise<void> {
  const args = [
    'copy',
    '--insecure-policy',
    '--dest-tls-verify=false',
    ...options,
    `oci:${layout}`,
    `docker://${destination}`,
  ];
  const result = await runProgram({ command: 'skopeo', args, environment: baseEnvironment() });
  if (result.exitCode !== 0) throw new Error(result.stderr);
}

async function build(dockerfile: string, over: Partial<BuildRequest> = {}) {
  const scenario: EngineScenario = { name: 'base image', dockerfile, script: { steps: [] } };
  const sink = new RecordingSink();
  const image = await engine.build(bench.request(scenario, over), sink, never);
  return { sink, image };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const use = '\nRUN echo "base: $FROM_BASE"\n';

describe('base images', () => {
  it('are found by their short name, as Docker does it', async () => {
    const { sink } = await build(`FROM node:24${use}`);
    expect(sink.text('stdout', 2)).toBe('base: yes\n');
    expect(sink.text('stderr', 1)).toContain('Trying to pull');
  });

  it('are pulled with the credentials of this build', async () => {
    const pullCredentials = [{ registry: closed.address, ...account }];
    const { sink } = await build(`FROM ${closed.address}/team/base:1${use}`, {
      repositoryId: 2,
      pullCredentials,
    });
    expect(sink.text('stdout', 2)).toBe('base: yes\n');
  });

  it('are pulled before a RUN could find the credentials by a linked bind mount', async () => {
    const look = '. /look.sh';
    const dockerfile = [
      ...[`ARG PLACE=${closed.address}`, 'FROM ${PLACE}/team/base:1 AS base', 'COPY look.sh /look.sh'],
      ...['FROM base AS trap', 'COPY trap /', 'FROM base'],
      `RUN --mount=type=bind,from=trap,source=/host,target=/mnt/host,rw ${look}`,
    ].join('\n');
    const scenario: EngineScenario = { name: 'thief', dockerfile, script: { steps: [] } };
    const request = bench.request(scenario, {
      repositoryId: 4,
      pullCredentials: [{ registry: closed.address, ...account }],
    });
    await mkdir(join(request.contextDirectory, 'trap'));
    await symlink('/', join(request.contextDirectory, 'trap', 'host'));
    await writeFile(
      join(request.contextDirectory, 'look.sh'),
      'cat /mnt/host/build/work/auth.json && echo; ls -R /mnt/host/build/work; echo "looked from $FROM_BASE"\n',
    );
    const sink = new RecordingSink();
    // A Buildah that refuses the mount is as good.
    await engine.build(request, sink, never).catch(() => undefined);
    const seen = [3, 4, 5, 6, 7, 8].map((step) => sink.text('stdout', step)).join('');
    expect(seen).toContain('looked from yes');
    expect(seen).not.toContain(Buffer.from(`${account.username}:${account.password}`).toString('base64'));
  });

  it('are refused without them, and with wrong ones', async () => {
    const dockerfile = `FROM ${closed.address}/team/base:1${use}`;
    const wrong = [{ registry: closed.address, username: 'puller', password: 'wrong password' }];
    for (const pullCredentials of [[], wrong]) {
      const failing = build(dockerfile, { repositoryId: 3, pullCredentials });
      await expect(failing).rejects.toMatchObject({ code: 'base_image_denied' });
      const error: unknown = await failing.catch((reason: unknown) => reason);
      expect(JSON.stringify(error) + String(error)).not.toContain('wrong password');
    }
  });

  it('are said to be missing', async () => {
    await expect(build(`FROM ${open.address}/no/such:1${use}`)).rejects.toMatchObject({
      code: 'base_image_not_found',
    });
  });

  it('are said to be out of reach when their registry is', async () => {
    const dockerfile = `FROM 127.0.0.1:${await freePort()}/x:1${use}`;
    await expect(build(dockerfile)).rejects.toMatchObject({ code: 'registry_unreachable' });
  });
});
