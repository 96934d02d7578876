import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { describeBuildEngine, describeRealBuilds } from '../describe-build-engine-spec.js';
import { DaggerEngine, type DaggerEngineOptions } from './dagger-engine.js';

declare module 'vitest' {
  // Vitest wants an interface here, to merge it with its own.
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions
  interface ProvidedContext {
    /** The real engine of `npm run test:dagger`. */
    readonly dagger: DaggerEngineOptions;
  }
}

const run = `run ${process.pid} ${Date.now()}`;

/**
 * The engine's cache outlives the tests, and the tests want to see work: bytes after the end of `busybox`, the same for
 * all builds of one run, make what is built new to the engine.
 */
class NewToTheEngine extends DaggerEngine {
  override build(...[request, sink, signal]: Parameters<DaggerEngine['build']>) {
    const busybox = join(request.contextDirectory, 'busybox');
    if (existsSync(busybox)) appendFileSync(busybox, run);
    return super.build(request, sink, signal);
  }
}

const engine = new NewToTheEngine(inject('dagger'));

describeBuildEngine(DaggerEngine.name, () => engine);
// The engine drops output that is not UTF-8 before anybody sees it: docs/adr/0005-dagger-sessions.md.
describeRealBuilds(DaggerEngine.name, () => engine, { losesBytes: true });
