import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BuildahEngine } from './buildah/buildah-engine.js';
import { DaggerEngine } from './dagger/dagger-engine.js';
import type { BuildRequest, BuildSink, EngineProbe } from './build-engine.js';
import { FakeEngine } from './fake/fake-engine.js';
import { FirstReadyEngine, selectEngine } from './select-engine.js';

const ready = (version: string): EngineProbe => ({ ready: true, name: 'fake', version, warnings: [] });
const missing = (code: 'engine_unavailable' | 'engine_unsafe', reason: string): EngineProbe => ({
  ready: false,
  name: 'fake',
  code,
  reason,
});
const nothing = {} as BuildRequest & BuildSink;
const never = new AbortController().signal;

describe(selectEngine.name, () => {
  const rest = {
    dagger: { daggerBin: 'dagger', engineHosts: [] },
    buildah: { stateDirectory: tmpdir(), user: null },
  };

  it('gives what was asked for, and never the fake one', () => {
    expect(selectEngine({ choice: 'dagger', ...rest })).toBeInstanceOf(DaggerEngine);
    expect(selectEngine({ choice: 'buildah', ...rest })).toBeInstanceOf(BuildahEngine);
    expect(selectEngine({ choice: 'auto', ...rest })).toBeInstanceOf(FirstReadyEngine);
  });
});

describe(FirstReadyEngine.name, () => {
  it('takes the first that is ready', async () => {
    const off = new FakeEngine({ steps: [] }, missing('engine_unavailable', 'not here'));
    const engine = new FirstReadyEngine([
      off,
      new FakeEngine({ steps: [] }, ready('2')),
      new FakeEngine({ steps: [] }, ready('3')),
    ]);
    expect(await engine.probe()).toMatchObject({ ready: true, version: '2' });
  });

  it('builds with the one it chose', async () => {
    const off = new FakeEngine({ steps: [] }, missing('engine_unavailable', 'not here'));
    const engine = new FirstReadyEngine([off, new FakeEngine({ steps: [], error: 'no_space' }, ready('2'))]);
    await expect(engine.build(nothing, nothing, never)).rejects.toMatchObject({ code: 'no_space' });
  });

  it('says of each what is missing when none is ready', async () => {
    const engine = new FirstReadyEngine([
      new FakeEngine({ steps: [] }, missing('engine_unavailable', 'start one')),
      new FakeEngine({ steps: [] }, missing('engine_unsafe', 'open to the world')),
    ]);
    const probe = await engine.probe();
    expect(probe).toMatchObject({ ready: false, code: 'engine_unsafe' });
    expect(probe.ready ? '' : probe.reason).toMatch(/start one.*open to the world/);
    await expect(engine.build(nothing, nothing, never)).rejects.toMatchObject({ code: 'engine_unsafe' });
  });
});
