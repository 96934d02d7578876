import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ByHandAnswer, ByHandBuild, ByHandOrder, ByHandSettings } from './by-hand-program.ts';

/** The reference, which runs in a process of its own. */
export class ByHand {
  /** Of the engine. */
  readonly version: string;
  readonly #child: ChildProcess;
  #number = 0;

  private constructor(child: ChildProcess, version: string) {
    this.#child = child;
    this.version = version;
  }

  /** Rejects when the engine cannot build here. */
  static async start(settings: ByHandSettings): Promise<ByHand> {
    const child = fork(join(import.meta.dirname, 'by-hand-program.ts'), [], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const answer = await ask(child, settings);
    if (!('version' in answer)) throw new Error('error' in answer ? answer.error : 'No version.');
    return new ByHand(child, answer.version);
  }

  async build(sha: string): Promise<ByHandBuild> {
    this.#number += 1;
    const answer = await ask(this.#child, { number: this.#number, sha });
    if (!('build' in answer)) throw new Error('error' in answer ? answer.error : 'No build.');
    return answer.build;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}

async function ask(child: ChildProcess, message: ByHandSettings | ByHandOrder): Promise<ByHandAnswer> {
  const { promise, resolve } = Promise.withResolvers<ByHandAnswer>();
  const ended = (): void => resolve({ error: 'The process of the reference ended.' });
  child.once('message', resolve);
  child.once('exit', ended);
  try {
    child.send(message);
    return await promise;
  } finally {
    child.off('message', resolve);
    child.off('exit', ended);
  }
}
