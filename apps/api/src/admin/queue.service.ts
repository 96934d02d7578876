import { Injectable } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { BuildsStore, SettingsStore, WorkersStore, type WorkerRow } from '@nohands/database';
import { Problem, type Principal } from '@nohands/domain';
import { toBuildDto } from '../builds/build-answers.js';
import type { QueueDto, SettingsDto, UpdateSettingsDto, WorkerDto } from './queue.dto.js';

const mostShown = 100;

/** What runs, what waits, who works; for administrators. */
@Injectable()
export class QueueService {
  constructor(
    private readonly builds: BuildsStore,
    private readonly workers: WorkersStore,
    private readonly stored: SettingsStore,
    private readonly configuration: Configuration,
  ) {}

  async read(viewer: Principal): Promise<QueueDto> {
    const [settings, running, waiting, workers] = await Promise.all([
      this.settings(viewer),
      this.builds.page(viewer, { status: 'running' }, { limit: mostShown }),
      this.builds.page(viewer, { status: 'pending' }, { limit: mostShown }),
      this.workers.list(viewer),
    ]);
    return {
      ...settings,
      running: running.results.map(toBuildDto),
      // Listed newest first, but the oldest starts first.
      waiting: waiting.results.reverse().map(toBuildDto),
      waiting_count: waiting.count ?? waiting.results.length,
      workers: workers.map(toWorkerDto),
    };
  }

  async settings(viewer: Principal): Promise<SettingsDto> {
    const stored = await this.stored.all(viewer);
    return {
      max_concurrent_builds: stored.max_concurrent_builds ?? this.configuration.maxConcurrentBuilds,
      queue_paused: stored.queue_paused ?? false,
    };
  }

  async updateSettings(viewer: Principal, change: UpdateSettingsDto): Promise<SettingsDto> {
    if (viewer.kind === 'user' && !viewer.isAdmin)
      throw new Problem('forbidden', 'Only administrators may do this.');
    const { max_concurrent_builds, queue_paused } = change;
    await this.stored.change(viewer, {
      ...(max_concurrent_builds === undefined ? {} : { max_concurrent_builds }),
      ...(queue_paused === undefined ? {} : { queue_paused }),
    });
    return this.settings(viewer);
  }
}

function toWorkerDto({ engine, ...worker }: WorkerRow): WorkerDto {
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    slots: worker.slots,
    build_ids: [...worker.builds],
    engine_name: engine?.name ?? null,
    engine_version: engine?.version ?? null,
    engine_ready: engine?.ready ?? false,
    engine_reason: engine?.reason ?? null,
    engine_warnings: [...(engine?.warnings ?? [])],
    is_alive: worker.isAlive,
    started_at: worker.startedAt.toISOString(),
    heartbeat_at: worker.heartbeatAt.toISOString(),
  };
}
