import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  BuildEngine,
  BuildRequest,
  BuildSink,
  BuiltImage,
  EngineStepEnd,
  EngineStepStart,
} from './build-engine.js';
import type { FakeScript } from './fake/fake-engine.js';
import { describeLayout } from './layout.js';

/** One thing that happens to every engine: a context for those that build, a script for the one that does not. */
export type EngineScenario = {
  readonly name: string;
  readonly dockerfile: string | null;
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly request?: Partial<BuildRequest>;
  readonly script: FakeScript;
};
export type MakeEngine = (scenario: EngineScenario) => Promise<BuildEngine> | BuildEngine;

const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path)) ?? '/bin/busybox';

/** Takes down what an engine reports; `onOutput` sees each piece first. */
export class RecordingSink implements BuildSink {
  readonly started: EngineStepStart[] = [];
  readonly ended: EngineStepEnd[] = [];
  readonly pieces: { step: number | null; stream: string; bytes: Buffer; time: number }[] = [];

  constructor(private readonly onOutput: (text: string) => Promise<void> | void = () => undefined) {}

  stepStarted(step: EngineStepStart): void {
    this.started.push(step);
  }
  stepEnded(step: EngineStepEnd): void {
    this.ended.push(step);
  }
  output(step: number | null, stream: string, bytes: Uint8Array): Promise<void> | void {
    this.pieces.push({ step, stream, bytes: Buffer.from(bytes), time: performance.now() });
    return this.onOutput(Buffer.from(bytes).toString('latin1'));
  }
  /** All bytes of a stream, of one step where it is named. */
  bytes(stream: string, step?: number | null): Buffer {
    const wanted = this.pieces.filter(
      (piece) => piece.stream === stream && (step === undefined || piece.step === step),
    );
    return Buffer.concat(wanted.map((piece) => piece.bytes));
  }
  text(stream: string, step?: number | null): string {
    return this.bytes(stream, step).toString('utf8');
  }
  timeOf(text: string): number {
    const piece = this.pieces.find((candidate) => candidate.bytes.includes(text));
    if (piece === undefined) throw new Error(`"${text}" was never written`);
    return piece.time;
  }
}

/** The folders of one test file: contexts, work folders, layouts; removed at the end. */
export class BuildBench {
  readonly folder = mkdtempSync(join(tmpdir(), 'nohands-engine-'));
  private count = 0;

  request(scenario: EngineScenario, over: Partial<BuildRequest> = {}): BuildRequest {
    this.count += 1;
    const base = join(this.folder, String(this.count));
    const contextDirectory = join(base, 'context');
    mkdirSync(contextDirectory, { recursive: true });
    mkdirSync(join(base, 'work'));
    if (existsSync(busybox)) copyFileSync(busybox, join(contextDirectory, 'busybox'));
    const files = {
      ...(scenario.dockerfile === null ? {} : { Dockerfile: scenario.dockerfile }),
      ...scenario.files,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(contextDirectory, name), content);
    for (const [name, target] of Object.entries(scenario.links ?? {}))
      symlinkSync(target, join(contextDirectory, name));
    return {
      ...{
        buildId: this.count,
        attempt: 1,
        repositoryId: 1,
        contextDirectory,
        dockerfilePath: 'Dockerfile',
        target: null,
      },
      ...{ buildArguments: {}, labels: {}, pullCredentials: [] },
      ...{ layoutDirectory: join(base, 'layout'), workDirectory: join(base, 'work') },
      ...scenario.request,
      ...over,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The host's processes whose arguments hold `token`. */
export function processesWith(token: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(join('/proc', name, 'cmdline'), 'utf8').includes(token);
      } catch {
        // Expected: it ended meanwhile.
        return false;
      }
    })
    .map(Number);
}

/** Nothing of the build may be left but, after success, its layout. */
export function expectNothingLeft(request: BuildRequest, hasLayout: boolean): void {
  const base = dirname(request.workDirectory);
  expect(readdirSync(request.workDirectory)).toEqual([]);
  expect(readdirSync(base).sort()).toEqual(hasLayout ? ['context', 'layout', 'work'] : ['context', 'work']);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(base);
}

const never = new AbortController().signal;
const shell = 'FROM scratch\nCOPY busybox /bin/sh\n';

export const scenarios = {
  success: {
    name: 'success',
    dockerfile: `${shell}RUN echo first; sleep 1; echo second; echo aside >&2\nRUN printf no-end\nCMD ["/bin/sh"]\n`,
    script: {
      steps: [
        { name: 'FROM scratch' },
        { name: 'COPY busybox /bin/sh' },
        {
          name: 'RUN echo first; sleep 1; echo second; echo aside >&2',
          output: [
            { stream: 'stdout', text: 'first\n' },
            { stream: 'stdout', text: 'second\n', delayMs: 1000 },
            { stream: 'stderr', text: 'aside\n' },
          ],
        },
        { name: 'RUN printf no-end', output: [{ stream: 'stdout', text: 'no-end' }] },
        { name: 'CMD ["/bin/sh"]' },
      ],
    },
  },
  failingRun: {
    name: 'failing RUN',
    dockerfile: `${shell}RUN echo about to fail; exit 7\nRUN echo never\n`,
    script: {
      steps: [
        { name: 'FROM scratch' },
        { name: 'COPY busybox /bin/sh' },
        {
          name: 'RUN echo about to fail; exit 7',
          output: [{ stream: 'stdout', text: 'about to fail\n' }],
          exitCode: 7,
        },
      ],
    },
  },
  badSyntax: {
    name: 'bad syntax',
    dockerfile: `${shell}RUNN echo x\n`,
    script: { steps: [{ name: 'FROM scratch' }], error: 'dockerfile_invalid' },
  },
  missingDockerfile: {
    name: 'missing Dockerfile',
    dockerfile: null,
    script: { steps: [], error: 'dockerfile_not_found' },
  },
  linkedDockerfile: {
    name: 'Dockerfile linked to outside',
    dockerfile: null,
    links: { Dockerfile: '/etc/passwd' },
    script: { steps: [], error: 'unsafe_path' },
  },
  pathOutside: {
    name: 'Dockerfile path outside',
    dockerfile: shell,
    request: { dockerfilePath: '../../etc/passwd' },
    script: { steps: [], error: 'unsafe_path' },
  },
  missingSource: {
    name: 'missing COPY source',
    dockerfile: 'FROM scratch\nCOPY not-there /x\n',
    script: { steps: [{ name: 'FROM scratch' }], error: 'copy_source_not_found' },
  },
  missingTarget: {
    name: 'missing target',
    dockerfile: 'FROM scratch AS one\nCOPY busybox /bin/sh\n',
    request: { target: 'two' },
    script: { steps: [], error: 'target_not_found' },
  },
  hanging: {
    name: 'hanging RUN',
    dockerfile: `${shell}RUN echo up; sleep 1000\n`,
    script: {
      steps: [
        { name: 'FROM scratch' },
        { name: 'COPY busybox /bin/sh' },
        { name: 'RUN echo up; sleep 1000', output: [{ stream: 'stdout', text: 'up\n' }], hangs: true },
      ],
    },
  },
} satisfies Record<string, EngineScenario>;

/** What every engine promises, whoever builds: the events, the result, the errors, the end after an abort. */
export function describeBuildEngine(name: string, makeEngine: MakeEngine): void {
  describe(`${name} keeps the contract of an engine`, () => {
    let bench: BuildBench;
    beforeAll(() => {
      bench = new BuildBench();
    });
    afterAll(() => bench.remove());

    async function build(scenario: EngineScenario, sink: BuildSink, signal = never) {
      const request = bench.request(scenario);
      const engine = await makeEngine(scenario);
      return { request, result: engine.build(request, sink, signal) };
    }

    async function expectFailure(scenario: EngineScenario, code: string) {
      const sink = new RecordingSink();
      const { request, result } = await build(scenario, sink);
      await expect(result).rejects.toMatchObject({ name: 'BuildError', code });
      expectNothingLeft(request, false);
      return {
        sink,
        error: (await result.catch((error: unknown) => error)) as { message: string; detail: string | null },
      };
    }

    it('answers a probe within 5 seconds', async () => {
      const engine = await makeEngine(scenarios.success);
      await engine.probe();
      const start = performance.now();
      expect(await engine.probe()).toMatchObject({ ready: true, name: engine.name });
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    it('builds, reports steps and lines as they happen, and leaves one layout', async () => {
      const sink = new RecordingSink();
      const { request, result } = await build(scenarios.success, sink);
      const image = await result;
      expect(image).toEqual(await describeLayout(request.layoutDirectory));
      expect(image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(sink.started.map((step) => step.name)).toEqual(
        scenarios.success.script.steps.map((step) => step.name),
      );
      expect(sink.started.map((step) => step.number)).toEqual([1, 2, 3, 4, 5]);
      expect(sink.ended.map((step) => [step.number, step.status])).toEqual(
        [1, 2, 3, 4, 5].map((n) => [n, 'success']),
      );
      expect(sink.text('stdout', 3)).toBe('first\nsecond\n');
      expect(sink.text('stderr', 3)).toContain('aside\n');
      expect(sink.text('stdout', 4)).toBe('no-end');
      expect(sink.timeOf('second') - sink.timeOf('first')).toBeGreaterThan(700);
      expectNothingLeft(request, true);
    });

    it('names the failed step, its exit code and its last lines', async () => {
      const { sink, error } = await expectFailure(scenarios.failingRun, 'step_failed');
      expect(sink.ended.at(-1)).toMatchObject({ number: 3, status: 'failed', exitCode: 7 });
      expect(error.message).toContain('RUN echo about to fail; exit 7');
      expect(error.message).toContain('7');
      expect(error.detail).toContain('about to fail');
      expect(sink.text('stdout')).not.toContain('never');
    });

    it('refuses bad syntax', async () => expectFailure(scenarios.badSyntax, 'dockerfile_invalid'));
    it('says that a Dockerfile is missing', async () =>
      expectFailure(scenarios.missingDockerfile, 'dockerfile_not_found'));
    it('says that a source of COPY is missing', async () =>
      expectFailure(scenarios.missingSource, 'copy_source_not_found'));
    it('says that a target is missing', async () =>
      expectFailure(scenarios.missingTarget, 'target_not_found'));
    for (const scenario of [scenarios.linkedDockerfile, scenarios.pathOutside]) {
      it(`refuses a ${scenario.name} and shows nothing of it`, async () => {
        const { sink, error } = await expectFailure(scenario, 'unsafe_path');
        const shown = sink.text('stdout') + sink.text('stderr') + error.message + (error.detail ?? '');
        expect(shown).not.toContain('root:');
      });
    }

    it('stops at an abort and rejects with its reason', async () => {
      const controller = new AbortController();
      const reason = new Error('cancelled by somebody');
      const sink = new RecordingSink((text) => {
        if (text.includes('up')) controller.abort(reason);
      });
      const { request, result } = await build(scenarios.hanging, sink, controller.signal);
      await expect(result).rejects.toBe(reason);
      expect(sink.ended.at(-1)).toMatchObject({ number: 3, status: 'cancelled' });
      expectNothingLeft(request, false);
    });

    it('does not start when already aborted', async () => {
      const reason = new Error('too late');
      const sink = new RecordingSink();
      const { request, result } = await build(scenarios.success, sink, AbortSignal.abort(reason));
      await expect(result).rejects.toBe(reason);
      expect(sink.started).toEqual([]);
      expectNothingLeft(request, false);
    });

    it('stops when the sink refuses the output', async () => {
      const full = new Error('the log store is gone');
      const sink = new RecordingSink((text) => {
        if (text.includes('up')) throw full;
      });
      const { request, result } = await build(scenarios.hanging, sink);
      await expect(result).rejects.toBe(full);
      expectNothingLeft(request, false);
    });

    it('waits for a slow sink', async () => {
      let isBusy = false;
      let hasOverlapped = false;
      const sink = new RecordingSink(async () => {
        hasOverlapped ||= isBusy;
        isBusy = true;
        await new Promise((resolve) => setImmediate(resolve));
        isBusy = false;
      });
      const { result } = await build(scenarios.failingRun, sink);
      await expect(result).rejects.toMatchObject({ code: 'step_failed' });
      expect(hasOverlapped).toBe(false);
      expect(sink.text('stdout', 3)).toContain('about to fail\n');
    });
  });
}

function scenario(name: string, run: string): EngineScenario {
  return { name, dockerfile: `${shell}RUN ${run}\n`, script: { steps: [] } };
}

/** Promises that an engine is known to break; the test of one is expected to fail, so that a repair is noticed. */
export type EngineLimits = {
  /** Output that is not UTF-8 does not arrive. */
  readonly losesBytes?: boolean;
};

/** What every engine that runs code promises besides; needs `/bin/busybox`, statically linked. */
export function describeRealBuilds(name: string, makeEngine: MakeEngine, limits: EngineLimits = {}): void {
  describe(`${name} really builds`, () => {
    let bench: BuildBench;
    let engine: BuildEngine;
    beforeAll(async () => {
      bench = new BuildBench();
      engine = await makeEngine(scenarios.success);
    });
    afterAll(() => bench.remove());

    async function build(what: EngineScenario, over: Partial<BuildRequest> = {}) {
      const sink = new RecordingSink();
      const request = bench.request(what, over);
      const image = await engine.build(request, sink, never);
      return { sink, request, image };
    }

    async function cancelAt(what: EngineScenario, text: string, token: string): Promise<number> {
      const controller = new AbortController();
      const request = bench.request(what);
      let seen = '';
      const sink = new RecordingSink((piece) => {
        seen += piece;
        if (!seen.includes(text) || controller.signal.aborted) return;
        expect(processesWith(token).length).toBeGreaterThan(0);
        controller.abort(new Error('stop'));
      });
      const result = engine.build(request, sink, controller.signal);
      await expect(result).rejects.toThrow('stop');
      const left = processesWith(token);
      expectNothingLeft(request, false);
      return left.length;
    }

    it('takes everything from the cache the second time, with the same digest', async () => {
      const what = scenario('cached', 'echo expensive');
      const first = await build(what);
      const second = await build(what);
      expect(first.sink.text('stdout', 3)).toBe('expensive\n');
      expect(second.sink.text('stdout')).toBe('');
      expect(second.sink.ended.filter((step) => step.number > 1).map((step) => step.cached)).toEqual([
        true,
        true,
      ]);
      expect(second.image.digest).toBe(first.image.digest);
    });

    it('gives the same digest for the same inputs and time, without any cache', async () => {
      const what = scenario('deterministic', 'echo made > /made');
      const digests: string[] = [];
      for (const repositoryId of [101, 102])
        digests.push((await build(what, { repositoryId, createdAt: 1 })).image.digest);
      expect(digests[0]).toBe(digests[1]);
    });

    it('hands over build arguments, labels and the target', async () => {
      const dockerfile = `${shell.replace('scratch', 'scratch AS one')}ARG WORD\nRUN echo "<$WORD>"\nFROM one AS two\nRUN echo never\n`;
      const what = { name: 'options', dockerfile, script: { steps: [] } };
      const buildArguments = { WORD: '--file=/etc/passwd $(id) "x"' };
      const { sink, image } = await build(what, {
        target: 'one',
        buildArguments,
        labels: { 'a.b': 'c d=e' },
      });
      expect(sink.text('stdout')).toBe('<--file=/etc/passwd $(id) "x">\n');
      expect(sink.started).toHaveLength(4);
      expect(readConfig(image)).toMatchObject({ config: { Labels: { 'a.b': 'c d=e' } } });
    });

    it('honours .dockerignore', async () => {
      const what = {
        ...scenario('ignored', 'cat /x/kept; ls /x'),
        files: { kept: 'k\n', secret: 's', '.dockerignore': 'secret\nDockerfile\n' },
      };
      const dockerfile = `${shell}COPY . /x\nRUN ls /x\n`;
      const { sink } = await build({ ...what, dockerfile });
      expect(sink.text('stdout')).toContain('kept');
      expect(sink.text('stdout')).not.toMatch(/secret|Dockerfile/);
    });

    const itPassesBytes = limits.losesBytes === true ? it.fails : it;
    itPassesBytes('passes bytes that are not UTF-8 and lines without an end', async () => {
      const { sink } = await build(scenario('bytes', String.raw`printf '\377\376\r10%%\r20%%\n\001'`));
      expect([...sink.bytes('stdout', 3)]).toEqual([...Buffer.from('\xff\xfe\r10%\r20%\n\x01', 'latin1')]);
    });

    it('loses none of 100,000 lines', async () => {
      const { sink } = await build(scenario('many', 'seq 1 100000'));
      const expected = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join('');
      expect(sink.text('stdout', 3) === expected).toBe(true);
    });

    it('is not fooled by a RUN that writes markers', async () => {
      const { sink } = await build(
        scenario('forged', 'echo "STEP 9/9: RUN x"; echo "STEP 2/3: COPY y"; echo "--> Using cache x"'),
      );
      expect(sink.started).toHaveLength(3);
      expect(sink.text('stdout', 3)).toBe('STEP 9/9: RUN x\nSTEP 2/3: COPY y\n--> Using cache x\n');
    });

    it('builds two of one repository at once', async () => {
      const runs = ['one', 'two'].map((word) =>
        build(scenario(word, `echo ${word}; sleep 0.2; echo ${word} > /made`)),
      );
      const [one, two] = await Promise.all(runs);
      expect(one?.sink.text('stdout', 3)).toBe('one\n');
      expect(two?.sink.text('stdout', 3)).toBe('two\n');
      expect(one?.image.digest).not.toBe(two?.image.digest);
    });

    it('leaves nothing of a RUN that ignores TERM and starts others in sessions of their own', async () => {
      const token = `77${process.pid}77`;
      const run = `trap "" TERM; setsid sleep ${token} & (sleep ${token} &) ; sh -c 'trap "" TERM INT HUP; echo up; while :; do sleep ${token}; done'`;
      expect(await cancelAt(scenario('stubborn', run), 'up', token)).toBe(0);
    });

    it('is usable again at once after an abort', async () => {
      const { sink } = await build(scenario('after', 'echo works'));
      expect(sink.text('stdout', 3)).toBe('works\n');
    });

    it('makes a layout that another program can read', async () => {
      const { image, request } = await build(scenario('skopeo', 'echo made > /made'));
      const raw = execFileSync('skopeo', [
        'inspect',
        '--format',
        '{{.Digest}}',
        `oci:${request.layoutDirectory}`,
      ]);
      expect(raw.toString().trim()).toBe(image.digest);
    });
  });
}

function readConfig(image: BuiltImage): unknown {
  const blob = (digest: string) =>
    JSON.parse(readFileSync(join(image.layoutDirectory, 'blobs', 'sha256', digest.slice(7)), 'utf8')) as {
      config: { digest: string };
    };
  return blob(blob(image.digest).config.digest);
}
