import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Problem, type Principal, type SystemPrincipal } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { notify } from '../notices.js';
import { readRow, readRows } from '../sql.js';
import { requireAdmin } from './access.js';

/** What an administrator sets at run time. */
export type QueueSettings = {
  /** Builds that run at once, over all workers. */
  readonly max_concurrent_builds: number;
  /** No build starts while true; running ones go on. */
  readonly queue_paused: boolean;
};

/** All settings in the database; `storage_id` names the blob storage that this database belongs to. */
export type Settings = QueueSettings & { readonly storage_id: string };

export type SettingKey = keyof Settings;

export const mostConcurrentBuilds = 1_000;

const rules: { readonly [K in SettingKey]: { is: (value: unknown) => boolean; text: string } } = {
  max_concurrent_builds: {
    is: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostConcurrentBuilds,
    text: `a whole number from 1 to ${mostConcurrentBuilds}`,
  },
  queue_paused: { is: (value) => typeof value === 'boolean', text: 'true or false' },
  storage_id: { is: (value) => typeof value === 'string' && value !== '', text: 'a text' },
};

/** The settings that live in the database; the configuration only gives the first value. */
@Injectable()
export class SettingsStore {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The value, or null when it was never set. */
  async get<Key extends SettingKey>(_viewer: Principal, key: Key): Promise<Settings[Key] | null> {
    const row = await readRow<{ value: Settings[Key] }>(
      this.dataSource,
      'SELECT value FROM settings WHERE key = $1',
      [key],
    );
    return row?.value ?? null;
  }

  /** All values that were ever set, in one statement. */
  async all(_viewer: Principal): Promise<Partial<Settings>> {
    const rows = await readRows<{ key: string; value: unknown }>(
      this.dataSource,
      'SELECT key, value FROM settings',
    );
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  /** Sets values together and tells the workers; administrators only. Problems: `forbidden`, `invalid_fields`. */
  async change(actor: Principal, change: Partial<QueueSettings>): Promise<void> {
    requireAdmin(actor);
    const entries = Object.entries(change).filter(([, value]) => value !== undefined);
    for (const [key, value] of entries) requireValid(key as SettingKey, value);
    if (entries.length === 0) return;
    await this.dataSource.transaction(async (manager) => {
      await manager.query(
        `INSERT INTO settings (key, value) SELECT * FROM unnest($1::text[], $2::jsonb[])
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()`,
        [entries.map(([key]) => key), entries.map(([, value]) => JSON.stringify(value))],
      );
      await notify(manager, { kind: 'queue' });
    });
  }

  /** Gives a first value and answers the one that counts: of several processes one sets it. */
  async insertIfAbsent<Key extends SettingKey>(
    actor: SystemPrincipal,
    key: Key,
    value: Settings[Key],
  ): Promise<Settings[Key]> {
    requireValid(key, value);
    await this.dataSource.query(
      'INSERT INTO settings (key, value) VALUES ($1, $2::jsonb) ON CONFLICT (key) DO NOTHING',
      [key, JSON.stringify(value)],
    );
    return (await this.get(actor, key)) ?? value;
  }
}

function requireValid(key: SettingKey, value: unknown): void {
  if (rules[key].is(value)) return;
  const detail = `"${key}" must be ${rules[key].text}.`;
  throw new Problem('invalid_fields', detail, [{ pointer: `/${key}`, detail }]);
}
