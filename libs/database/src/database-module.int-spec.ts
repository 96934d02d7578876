import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { system } from '@nohands/domain';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsStore } from './admin/settings.store.js';
import { DatabaseModule } from './database.module.js';
import { openMigratedDatabase, type MigratedDatabase } from './migrated-database.fixture.js';
import * as library from './index.js';
import { readRow } from './sql.js';
import { stores } from './stores.js';

describe(DatabaseModule.name, () => {
  let database: MigratedDatabase;
  beforeAll(async () => {
    database = await openMigratedDatabase();
  });
  afterAll(() => database.close());

  it('knows every store that this library exports', () => {
    const exported = Object.entries(library).filter(([name]) => name.endsWith('Store'));
    expect(exported.length).toBeGreaterThan(8);
    expect(exported.filter(([, store]) => !(stores as readonly unknown[]).includes(store))).toEqual([]);
  });

  it('provides every store on one pool with the settings asked for', async () => {
    class TestModule {}
    // Called, not written with @: the transform of specs knows no decorators.
    Module({
      imports: [
        DatabaseModule.forRoot({
          connectionString: database.connectionString,
          poolSize: 3,
          statementTimeoutMs: 4_000,
          applicationName: 'nohands-api',
        }),
      ],
    })(TestModule);
    const application = await NestFactory.createApplicationContext(TestModule, { logger: false });
    for (const store of stores) expect(application.get(store)).toBeInstanceOf(store);
    const settings = application.get(SettingsStore);
    expect(await settings.insertIfAbsent(system('api'), 'max_concurrent_builds', 2)).toBe(2);
    const pool = application.get(DataSource);
    expect(
      await readRow(
        pool,
        `SELECT current_setting('statement_timeout') AS timeout, current_setting('application_name') AS name`,
      ),
    ).toEqual({ timeout: '4s', name: 'nohands-api' });
    await Promise.all(Array.from({ length: 12 }, () => pool.query('SELECT 1')));
    expect(
      await readRow(
        pool,
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'nohands-api'`,
      ),
    ).toEqual({ n: 3 });
    await application.close();
    expect(pool.isInitialized).toBe(false);
  });
});
