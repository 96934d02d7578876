import { once } from 'node:events';
import { readdir, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StopUnconfirmed, type BuildRequest } from '../build-engine.js';
import { describeLayout } from '../layout.js';
import { DaggerEngine, type DaggerEngineOptions } from './dagger-engine.js';
import { RecordingSink, Replay, type ReplayScenario } from './testing/replay.js';

let replay: Replay;
afterEach(() => replay.remove());

type Setting = { readonly request?: Partial<BuildRequest>; readonly options?: Partial<DaggerEngineOptions> };

async function prepare(scenario: ReplayScenario, setting: Setting = {}) {
  replay = await Replay.prepare(scenario);
  const { daggerBin, engineHost } = replay;
  const engine = new DaggerEngine({ daggerBin, engineHosts: [engineHost], ...setting.options });
  return { engine, request: await replay.request(setting.request) };
}

async function build(scenario: ReplayScenario, setting: Setting = {}) {
  const { engine, request } = await prepare(scenario, setting);
  const sink = new RecordingSink();
  const image = await engine.build(request, sink, new AbortController().signal);
  return { image, sink };
}

/** The error of a build that must fail. */
async function failure(scenario: ReplayScenario, setting: Setting = {}) {
  const { engine, request } = await prepare(scenario, setting);
  const sink = new RecordingSink();
  const error: unknown = await engine.build(request, sink, new AbortController().signal).then(
    () => new Error('the build succeeded'),
    (caught: unknown) => caught,
  );
  return { error, sink };
}

/** The kernel may close the port of a killed program a moment after the program itself is gone. */
async function expectSessionGone(): Promise<void> {
  const { port } = await replay.report();
  const refuses = async () => {
    const socket = connect(port, '127.0.0.1');
    const isRefused = await once(socket, 'connect').then(
      () => false,
      () => true,
    );
    socket.destroy();
    return isRefused;
  };
  await expect.poll(refuses, { timeout: 1_000, interval: 5 }).toBe(true);
}

const installRun = 'RUN /bin/busybox --install -s /bin';
const [tickingRun, failingRun] = [11, 12];
const steps = [
  ...['FROM scratch AS base', 'COPY busybox /bin/busybox', 'SHELL ["/bin/busybox","sh","-c"]', installRun],
  ...['ENV PATH=/bin', 'FROM base AS app', 'ARG WHO=world', 'ARG FAIL=', 'WORKDIR /app', 'COPY hello.txt .'],
  expect.stringMatching(/^RUN echo "hello \$WHO from stdout"; echo "and from stderr" >&2; for i in 1 2 3;/),
  expect.stringMatching(/^RUN if \[ -n "\$FAIL" \]; then/),
  'LABEL org.opencontainers.image.title=demo',
  'CMD ["/bin/sh","-c","cat /app/hello.txt"]',
];

describe('a build by a Dagger engine', () => {
  it('gives the layout, the steps as instructions, and the output of each', async () => {
    const { image, sink } = await build({ otlp: 'fresh-build' });
    expect(sink.started.map((step) => step.name)).toEqual(steps);
    expect(sink.started.map((step) => step.number)).toEqual(steps.map((_, index) => index + 1));
    expect(sink.ended).toHaveLength(steps.length);
    expect(new Set(sink.ended.map((step) => step.status))).toEqual(new Set(['success']));
    // The recorded engine had built the base before: its COPY and RUN came from the cache.
    expect(sink.ended.filter((step) => step.cached).map((step) => step.number)).toEqual([2, 4, 10]);
    expect(sink.ended.filter((step) => step.exitCode === 0).map((step) => step.number)).toEqual([11, 12]);
    const who = 'run-1795371553380';
    expect(sink.text(`stdout ${tickingRun}`)).toBe(
      `hello ${who} from stdout\ntick 1 ${who}\ntick 2 ${who}\ntick 3 ${who}\n`,
    );
    expect(sink.text(`stderr ${tickingRun}`)).toBe('and from stderr\n');
    expect(sink.calls.lastIndexOf(`stdout ${tickingRun}`)).toBeLessThan(
      sink.calls.indexOf(`end ${tickingRun}`),
    );
    expect(image).toEqual(await describeLayout(join(replay.folder, 'layout')));
    expect(await readdir(join(replay.folder, 'work'))).toEqual([]);
    await expectSessionGone();
  });

  it('marks what came from the cache', async () => {
    const { sink } = await build({ otlp: 'cached-build' });
    expect(sink.started.map((step) => step.name)).toEqual(steps);
    expect(sink.ended.filter((step) => step.cached).map((step) => step.number)).toEqual([2, 4, 10, 11, 12]);
    expect(sink.calls.filter((call) => call.startsWith('std'))).toEqual([]);
  });

  it('says the same when batches come twice', async () => {
    const { sink } = await build({ otlp: 'fresh-build', repeatsBatches: true });
    expect(sink.text(`stdout ${tickingRun}`).match(/tick/g)).toHaveLength(3);
    expect(sink.started).toHaveLength(steps.length);
    expect(sink.ended).toHaveLength(steps.length);
  });

  it('says the same when output comes before the spans it belongs to', async () => {
    const { sink } = await build({ otlp: 'fresh-build', logsFirst: true });
    expect(sink.started.map((step) => step.name)).toEqual(steps);
    const ticks = sink.text(`stdout ${tickingRun}`).match(/tick \d/g);
    expect(ticks).toEqual(['tick 1', 'tick 2', 'tick 3']);
    expect(sink.text(`stderr ${tickingRun}`)).toBe('and from stderr\n');
  });

  it('hands target, arguments, labels and Dockerfile to the engine, and no environment of ours to the CLI', async () => {
    const request = { target: 'app', buildArguments: { WHO: 'a "b"' }, labels: { 'org.example.x': 'y' } };
    await build({}, { request });
    const { queries, environment } = await replay.report();
    expect(queries).toHaveLength(1);
    for (const part of [
      'target: "app"',
      '{name:"WHO",value:"a \\"b\\""}',
      'withLabel (name: "org.example.x"',
    ]) {
      expect(queries[0]).toContain(part);
    }
    expect(environment['HOME']).toBe(join(replay.folder, 'work', 'dagger-session'));
    expect(environment['_EXPERIMENTAL_DAGGER_RUNNER_HOST']).toBe(replay.engineHost);
    expect(Object.keys(environment).filter((name) => name.startsWith('npm_') || name === 'VITEST')).toEqual(
      [],
    );
  });

  it('gives pull credentials to the session before the build', async () => {
    const pullCredentials = [{ registry: 'registry.example', username: 'ci', password: 'hunter-two-2' }];
    await build({}, { request: { pullCredentials } });
    const { queries } = await replay.report();
    expect(queries[0]).toContain('setSecret');
    expect(queries[1]).toContain('withRegistryAuth (address: "registry.example",username: "ci"');
    expect(queries[1]).not.toContain('hunter-two-2');
    expect(queries[2]).toContain('dockerBuild');
  });
});

describe('a build that fails', () => {
  it('names the RUN, its exit code and its last lines', async () => {
    const { error, sink } = await failure({ otlp: 'failing-run', graphql: 'failing-run' });
    const failed = sink.started.at(-1);
    expect(failed?.number).toBe(failingRun);
    expect(error).toMatchObject({ name: 'BuildError', code: 'step_failed' });
    expect(String(error)).toContain(`Step ${failed?.number} (RUN if [ -n "$FAIL" ]`);
    expect(String(error)).toContain('exit code 42');
    expect((error as { detail: string }).detail).toBe('about to fail\nboom on stderr\n');
    expect(sink.ended.at(-1)).toMatchObject({ number: failed?.number, status: 'failed', exitCode: 42 });
    expect(sink.calls.at(-1)).toBe(`end ${failed?.number}`);
  });

  it.each([
    ['failing-run', 'step_failed', 'exit code 42'],
    ['bad-dockerfile-syntax', 'dockerfile_invalid', 'unknown instruction: COPPY'],
    ['missing-dockerfile', 'dockerfile_not_found', 'nope/Dockerfile'],
    ['missing-target', 'target_not_found', '"nope"'],
    ['missing-base-image', 'base_image_not_found', '127.0.0.1:5000/none/such:1'],
    ['missing-copy-source', 'copy_source_not_found', '/nofile'],
    ['missing-context-dir', 'engine_failed', ''],
    ['push-no-credentials', 'base_image_denied', 'credentials'],
    ['push-wrong-credentials', 'base_image_denied', 'credentials'],
    ['push-registry-unreachable', 'registry_unreachable', 'does not answer'],
    ['engine-killed-mid-build', 'engine_unavailable', 'tried again'],
  ])('maps the recorded %s to %s', async (graphql, code, words) => {
    const { error } = await failure({ graphql });
    expect(error).toMatchObject({ name: 'BuildError', code });
    expect((error as Error).message).toContain(words);
    expect((error as Error).message.length).toBeLessThan(400);
    expect(inspect(error)).not.toMatch(/[A-Za-z0-9+/]{100}|traceparent|dockerBuild/);
  });

  it('kills the CLI of an engine that died, which would never end', async () => {
    const { error } = await failure({ graphql: 'engine-killed-mid-build', neverEnds: true });
    expect(error).toMatchObject({ code: 'engine_unavailable' });
    await expectSessionGone();
  });

  it('says that the engine is gone when the CLI dies, and ends the steps', async () => {
    const { error, sink } = await failure({ otlp: 'fresh-build', diesInBuild: true });
    expect(error).toMatchObject({ code: 'engine_unavailable' });
    expect(sink.ended.map((step) => step.number).sort((a, b) => a - b)).toEqual(
      sink.started.map((step) => step.number),
    );
    expect(sink.ended.at(-1)).toMatchObject({ number: tickingRun, status: 'failed' });
  });

  it('refuses a Dockerfile outside the context before anything is started', async () => {
    const { error } = await failure({}, { request: { dockerfilePath: '../outside' } });
    expect(error).toMatchObject({ code: 'unsafe_path' });
    await expect(replay.report()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a Dockerfile that is a link out of the context', async () => {
    const { engine, request } = await prepare({});
    await symlink('/etc/passwd', join(request.contextDirectory, 'Linked'));
    const linked = { ...request, dockerfilePath: 'Linked' };
    const sink = new RecordingSink();
    const building = engine.build(linked, sink, new AbortController().signal);
    await expect(building).rejects.toMatchObject({ code: 'unsafe_path' });
    await expect(replay.report()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('never shows a password or an argument value, wherever the engine fails', async () => {
    const pullCredentials = [{ registry: 'registry.example', username: 'ci', password: 'hunter-two-2' }];
    const request = { pullCredentials, buildArguments: { TOKEN: 'argument-value-1' } };
    const refused = await failure({ refusesSecrets: true }, { request });
    expect(refused.error).toMatchObject({ code: 'engine_failed' });
    expect(inspect(refused.error, { depth: 9 })).not.toContain('hunter-two-2');
    await replay.remove();
    const broken = await failure({ graphql: 'missing-copy-source' }, { request });
    expect(inspect(broken.error, { depth: 9 })).not.toMatch(/hunter-two-2|argument-value-1/);
  });
});

describe('an engine that cannot be reached', () => {
  const code = 'engine_unavailable';

  it('is given up at the deadline, with nothing left of the CLI', async () => {
    const { error } = await failure(
      { neverConnects: true, neverEnds: true },
      { options: { connectMs: 3_000 } },
    );
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain('within 3 s');
    await expectSessionGone();
  });

  it('is not waited for where nothing listens; another host is taken', async () => {
    const nobody = 'unix:///nonexistent/engine.sock';
    const { error } = await failure({}, { options: { engineHosts: [nobody, 'tcp://127.0.0.1:1'] } });
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain('Nothing listens at tcp://127.0.0.1:1');
    const engine = new DaggerEngine({
      daggerBin: replay.daggerBin,
      engineHosts: [nobody, replay.engineHost],
    });
    expect(await engine.probe()).toMatchObject({
      ready: true,
      warnings: [expect.stringContaining(nobody), expect.stringContaining('UTF-8')],
    });
  });

  it.each(['/nonexistent/dagger', 'no-such-dagger-program'])(
    'is said when the CLI %s is missing',
    async (daggerBin) => {
      const { error } = await failure({}, { options: { daggerBin } });
      expect(error).toMatchObject({ code });
      expect(String(error)).toContain(`"${daggerBin}" was not found`);
      const engine = new DaggerEngine({ daggerBin, engineHosts: [replay.engineHost] });
      expect(await engine.probe()).toMatchObject({
        ready: false,
        code,
        reason: expect.stringContaining('DAGGER_BIN'),
      });
    },
  );

  it('passes on what the CLI said when it ended at its start', async () => {
    const { error } = await failure({ endsAtStart: 'incompatible engine version v0.1.0' });
    expect(error).toMatchObject({ code });
    expect(String(error)).toContain('incompatible engine version v0.1.0');
    const engine = new DaggerEngine({ daggerBin: replay.daggerBin, engineHosts: [replay.engineHost] });
    expect(await engine.probe()).toMatchObject({ ready: false, code });
  });

  it('is probed by its versions', async () => {
    const { engine } = await prepare({});
    expect(await engine.probe()).toEqual({
      ready: true,
      name: 'dagger',
      version: 'engine v0.21.8, CLI v0.21.8',
      warnings: [expect.stringContaining('UTF-8')],
    });
    await expectSessionGone();
  });
});

describe('a sink that refuses output', () => {
  it('stops the build, and its error is what the build rejects with', async () => {
    const { engine, request } = await prepare({ otlp: 'fresh-build', stalls: true });
    const full = new Error('the log store is gone');
    const sink = new RecordingSink(() => {
      throw full;
    });
    await expect(engine.build(request, sink, new AbortController().signal)).rejects.toBe(full);
    await expectSessionGone();
    expect(await readdir(request.workDirectory)).toEqual([]);
  });
});

describe('an abort', () => {
  async function abortAtFirstTick(scenario: ReplayScenario, options: Partial<DaggerEngineOptions> = {}) {
    const { engine, request } = await prepare(
      { otlp: 'fresh-build', stalls: true, ...scenario },
      { options },
    );
    const abort = new AbortController();
    const sink = new RecordingSink(
      (text) => text.includes('tick 1') && abort.abort(new Error('no longer wanted')),
    );
    const error: unknown = await engine.build(request, sink, abort.signal).catch((caught: unknown) => caught);
    return { error, sink };
  }

  it('ends the session and gives its reason', async () => {
    const { error, sink } = await abortAtFirstTick({});
    expect(error).toEqual(new Error('no longer wanted'));
    expect(sink.ended).toHaveLength(sink.started.length);
    await expectSessionGone();
  });

  it('is not called confirmed when the CLI had to be killed', async () => {
    const { error, sink } = await abortAtFirstTick({ neverEnds: true }, { stopMs: 100 });
    expect(error).toBeInstanceOf(StopUnconfirmed);
    expect(sink.ended.at(-1)).toMatchObject({ number: tickingRun, status: 'cancelled' });
    await expectSessionGone();
  });

  it('is obeyed while the session is still opening', async () => {
    const { engine, request } = await prepare({ neverConnects: true, neverEnds: true });
    const abort = new AbortController();
    const building = engine.build(request, new RecordingSink(), abort.signal);
    building.catch(() => undefined);
    // The CLI has started, and will never connect.
    await vi.waitFor(() => replay.report(), { timeout: 5_000, interval: 10 });
    abort.abort(new Error('no longer wanted'));
    await expect(building).rejects.toThrow('no longer wanted');
    await expectSessionGone();
  });

  it('that came before starts nothing', async () => {
    const { engine, request } = await prepare({});
    const building = engine.build(request, new RecordingSink(), AbortSignal.abort(new Error('too late')));
    await expect(building).rejects.toThrow('too late');
    await expect(replay.report()).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
