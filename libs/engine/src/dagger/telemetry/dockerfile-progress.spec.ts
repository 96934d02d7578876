import { describe, expect, it } from 'vitest';
import { planDockerfile } from '../../dockerfile-plan.js';
import { RecordingSink } from '../testing/replay.js';
import type { EngineCall } from './call-arguments.js';
import { DockerfileProgress } from './dockerfile-progress.js';
import { StepReporter } from './step-reporter.js';

function watch(dockerfile: string, unfinished: number[] = [], target: string | null = null) {
  const sink = new RecordingSink();
  const reporter = new StepReporter(sink);
  const progress = new DockerfileProgress(planDockerfile(dockerfile, target), reporter, new Set(unfinished));
  const names = () => sink.started.map((step) => step.name);
  const cached = () => sink.ended.filter((step) => step.cached).map((step) => names()[step.number - 1]);
  return { sink, reporter, progress, names, cached };
}

function run(...args: string[]): EngineCall {
  return { field: 'withExec', args: new Map([['args', args]]) };
}

function copy(srcPath: string, path: string): EngineCall {
  return {
    field: '__withDirectoryDockerfileCompat',
    args: new Map([
      ['srcPath', srcPath],
      ['path', path],
    ]),
  };
}

const done = { hasFailed: false, isCached: false, exitCode: null, completedAt: 2, hasOutput: false };

describe(DockerfileProgress.name, () => {
  it('holds a COPY back that the engine does before the RUN above it', () => {
    const { progress, names, cached } = watch(
      'FROM a\nCOPY x /x\nRUN one\nENV A=b\nCOPY y /y\nRUN two\nCMD three\n',
    );
    progress.start('x', copy('/x', '/x'), 1);
    progress.end('x', done);
    progress.start('y', copy('/y', '/y'), 1);
    progress.end('y', done);
    expect(names()).toEqual(['FROM a', 'COPY x /x']);
    progress.start('one', run('/bin/sh', '-c', 'one'), 2);
    expect(names()).toEqual(['FROM a', 'COPY x /x', 'RUN one']);
    progress.end('one', done);
    progress.start('two', run('/bin/sh', '-c', 'two'), 3);
    progress.end('two', done);
    progress.finish(true);
    expect(names()).toEqual([
      'FROM a',
      'COPY x /x',
      'RUN one',
      'ENV A=b',
      'COPY y /y',
      'RUN two',
      'CMD three',
    ]);
    expect(cached()).toEqual([]);
  });

  it('takes a RUN that was passed over for one from the cache, and only then', () => {
    const { progress, cached } = watch('FROM a\nRUN one\nRUN two\n');
    progress.start('two', run('/bin/sh', '-c', 'two'), 1);
    expect(cached()).toEqual(['RUN one']);
  });

  it('leaves out stages that the target does not need', () => {
    const dockerfile = 'FROM a AS one\nRUN 1\nFROM b AS two\nRUN 2\nFROM c\nCOPY --from=one /x /x\n';
    const { progress, names } = watch(dockerfile);
    progress.finish(true);
    expect(names()).toEqual(['FROM a AS one', 'RUN 1', 'FROM c', 'COPY --from=one /x /x']);
  });

  it.each([
    ['RUN --network=none echo a \\\n  && echo b', ['/bin/sh', '-c', 'echo a   && echo b']],
    ['RUN ["echo", "a b"]', ['echo', 'a b']],
    ['RUN <<EOF\necho a\nEOF', ['/bin/sh', '-c', '<<EOF\necho a\nEOF']],
    [`RUN echo ${'x'.repeat(300)}`, ['/bin/bash', '-e', '-c', `echo ${'x'.repeat(300)}`]],
  ])('knows %j again', (instruction, args) => {
    const { progress, sink } = watch(`FROM a\nRUN other\n${instruction}\n`);
    progress.start('call', run(...args), 1);
    expect(sink.started).toHaveLength(3);
  });

  it('tells work that no instruction fits under its own name, and then calls nothing cached', () => {
    const { progress, names, cached } = watch('FROM a\nRUN one\n');
    progress.start('odd', run('odd'), 1);
    progress.end('odd', done);
    progress.finish(true);
    expect(names()).toEqual(['RUN ["odd"]', 'FROM a', 'RUN one']);
    expect(cached()).toEqual([]);
  });

  it('follows RUNs that the engine does not name, from where an earlier build ended', () => {
    const { progress, reporter, names, cached, sink } = watch('FROM a\nRUN one\nRUN two\nRUN three\n', [2]);
    const first = progress.startSilent(1);
    expect(names().at(-1)).toBe('RUN two');
    progress.closeSilent();
    progress.closeSilent();
    expect(progress.startSilent(2)).not.toBe(first);
    expect(names().at(-1)).toBe('RUN three');
    progress.endSilent({ hasFailed: true, exitCode: 7, completedAt: 3 });
    progress.finish(false);
    expect(reporter.finish('failed')).toMatchObject({ number: 4, name: 'RUN three', exitCode: 7 });
    expect(cached()).toEqual(['RUN one']);
    expect(sink.ended.at(-1)).toMatchObject({ status: 'failed' });
    expect(progress.unfinished).toBe(3);
  });

  it('does not guess whose output it is when no earlier build is known', () => {
    const { progress, names } = watch('FROM a\nRUN one\n');
    expect(progress.startSilent(1)).toBeNull();
    expect(names()).toEqual([]);
  });
});
