import { Injectable } from '@nestjs/common';
import { SettingsStore, WorkersStore, type WorkerRow } from '@nohands/database';
import { system } from '@nohands/domain';
import { isDatabaseAway } from '../http/problem-answer.js';
import type { ReadinessDto } from './health.dto.js';

const viewer = system('health');
const undefinedTable = '42P01';
const patienceMilliseconds = 3_000;

/** Whether this installation can do its work, and if not, why. */
@Injectable()
export class HealthService {
  constructor(
    private readonly settings: SettingsStore,
    private readonly workers: WorkersStore,
  ) {}

  async readiness({ needsBuilds }: { readonly needsBuilds: boolean }): Promise<ReadinessDto> {
    const { database, schema, reasons } = await this.#lookAtDatabase();
    if (schema !== 'ok') {
      return { status: 'not_ready', database, schema, builds: 'off', reasons, warnings: [] };
    }
    const workers = (await this.workers.list(viewer)).filter(({ isAlive }) => isAlive);
    const canBuild = workers.some(({ engine }) => engine?.ready);
    return {
      status: needsBuilds && !canBuild ? 'not_ready' : 'ready',
      database,
      schema,
      builds: canBuild ? 'ready' : 'off',
      reasons: canBuild ? [] : reasonsOf(workers),
      warnings: [...new Set(workers.flatMap(({ engine }) => engine?.warnings ?? []))],
    };
  }

  async #lookAtDatabase(): Promise<Pick<ReadinessDto, 'database' | 'schema' | 'reasons'>> {
    try {
      await withinPatience(this.settings.all(viewer));
      return { database: 'ok', schema: 'ok', reasons: [] };
    } catch (error) {
      if ((error as { code?: unknown }).code === undefinedTable) {
        return {
          database: 'ok',
          schema: 'missing',
          reasons: ['The tables are missing: the migrations did not run.'],
        };
      }
      if (!isDatabaseAway(error)) throw error;
      return { database: 'unreachable', schema: 'unknown', reasons: ['The database does not answer.'] };
    }
  }
}

function reasonsOf(workers: readonly WorkerRow[]): string[] {
  if (workers.length === 0) return ['No worker runs. Builds wait until one is started.'];
  const reasons = workers.map(({ engine }) =>
    engine === null
      ? 'A worker is still looking for its build engine.'
      : (engine.reason ?? 'The engine is not ready.'),
  );
  return [...new Set(reasons)];
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('timeout exceeded when trying to connect')),
      patienceMilliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // too late to matter
  }
}
