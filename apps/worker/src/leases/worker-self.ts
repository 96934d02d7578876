import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { WorkerIdentity } from '@nohands/database';

/** Who this worker is: a new id at every start, so that nothing an earlier process held is taken for its own. */
@Injectable()
export class WorkerSelf {
  readonly identity: WorkerIdentity;

  constructor(slots: number, version: string) {
    this.identity = {
      id: `${hostname()}-${randomUUID().slice(0, 8)}`,
      host: hostname(),
      pid: process.pid,
      slots,
      version,
    };
  }
}
