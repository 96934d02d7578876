import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { choreKinds, lookupKinds, system, type WorkLane } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { BuildClaimsStore } from '../builds/build-claims.store.js';
import { BuildSweepsStore } from '../builds/build-sweeps.store.js';
import { JobsStore } from './jobs.store.js';

const sweeper = system('sweeper');

/** What a sweeper looks at: one look reaps what lost its worker, and counts say where tickets are missing. */
@Injectable()
export class PendingWorkStore {
  readonly #sweeps: BuildSweepsStore;
  readonly #claims: BuildClaimsStore;
  readonly #jobs: JobsStore;

  constructor(@InjectDataSource() dataSource: DataSource) {
    this.#sweeps = new BuildSweepsStore(dataSource);
    this.#claims = new BuildClaimsStore(dataSource);
    this.#jobs = new JobsStore(dataSource);
  }

  /** One look over builds and jobs; false when another process looks at this moment. */
  async sweep(): Promise<boolean> {
    if (!(await this.#sweeps.sweep(sweeper))) return false;
    await this.#jobs.reapLost(sweeper);
    return true;
  }

  /** How much work of a lane could be claimed at this moment. */
  countClaimable(lane: WorkLane): Promise<number> {
    switch (lane) {
      case 'builds':
        return this.#claims.countClaimable(sweeper);
      case 'chores':
        return this.#jobs.countWaiting(sweeper, choreKinds);
      case 'lookups':
        return this.#jobs.countWaiting(sweeper, lookupKinds);
    }
  }
}
