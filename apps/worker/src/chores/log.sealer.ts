import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BuildLogsStore } from '@nohands/database';
import { Problem, system } from '@nohands/domain';

const worker = system('worker');

/** Writes the number of lines and the SHA-256 of a finished log, so that everybody can check what they read. */
@Injectable()
export class LogSealer {
  constructor(private readonly logs: BuildLogsStore) {}

  /** Safe to repeat: a sealed log stays as it is. */
  async seal(buildId: number): Promise<{ lines: number }> {
    const position = await this.logs.position(worker, buildId);
    if (position === null) throw new Problem('not_found', `Build ${buildId} is gone; its log is not sealed.`);
    const hash = createHash('sha256');
    let after = 0;
    for (;;) {
      const chunks = await this.logs.read(worker, buildId, after);
      for (const { text } of chunks) hash.update(text);
      const last = chunks.at(-1);
      if (last === undefined) break;
      after = last.nextLine - 1;
    }
    await this.logs.seal(worker, buildId, position.nextLine - 1, hash.digest('hex'));
    return { lines: position.nextLine - 1 };
  }
}
