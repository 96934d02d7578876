import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { getQueueToken } from '@nestjs/bullmq';
import { NestFactory } from '@nestjs/core';
import { createTestDatabase, startRedis, type Redis, type TestDatabase } from '@nohands/testing';
import { Worker, type Job, type Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueueModule } from './queue.module.js';
import { Tickets } from './tickets.service.js';

describe.each(['Postgres', 'Redis'] as const)('tickets on %s', (backend) => {
  let database: TestDatabase;
  let redis: Redis | undefined;
  let context: INestApplicationContext;
  let tickets: Tickets;
  const options = () => ({ redisUrl: redis?.url ?? null, databaseUrl: database.connectionString });
  const open = () => NestFactory.createApplicationContext(QueueModule.forRoot(options()), { logger: false });
  beforeAll(async () => {
    database = await createTestDatabase();
    redis = backend === 'Redis' ? await startRedis() : undefined;
    context = await open();
    tickets = context.get(Tickets);
  });
  afterAll(async () => {
    await context.close();
    await redis?.stop();
    await database.drop();
  });

  /** Takes tickets of a queue as a worker of NoHands does. */
  const takeFrom = (name: string, take: (job: Job) => Promise<void>): Worker => {
    const queue = context.get<Queue>(getQueueToken(name));
    const worker = new Worker(name, take, { ...queue.opts, concurrency: 2 });
    worker.on('error', () => undefined);
    return worker;
  };

  it('hands every ticket to one taker', async () => {
    await tickets.add('run-build', 5);
    expect(await tickets.countWaiting('run-build')).toBe(5);
    const taken: string[] = [];
    let all = (): void => undefined;
    const done = new Promise<void>((resolve) => (all = resolve));
    const worker = takeFrom('builds', async (job) => {
      taken.push(`${job.name} ${job.id}`);
      if (taken.length === 5) all();
    });
    await done;
    await worker.close();
    expect(new Set(taken).size).toBe(5);
    expect(taken.every((ticket) => ticket.startsWith('run-build '))).toBe(true);
    expect(await tickets.countWaiting('run-build')).toBe(0);
  });

  it('keeps the lanes apart', async () => {
    await tickets.add('run-chore');
    expect(await tickets.countWaiting('run-chore')).toBe(1);
    expect(await tickets.countWaiting('run-lookup')).toBe(0);
  });

  it('keeps tickets of a process that ended', async () => {
    const other = await open();
    await other.get(Tickets).add('run-lookup');
    await other.close();
    expect(await tickets.countWaiting('run-lookup')).toBe(1);
  });
});

describe('a queue that is away', () => {
  it('is said, costs nobody more than a second, and is used again when it is back', async () => {
    const database = await createTestDatabase();
    const redis = await startRedis();
    const port = Number(new URL(redis.url).port);
    const options = { redisUrl: redis.url, databaseUrl: database.connectionString };
    const context = await NestFactory.createApplicationContext(QueueModule.forRoot(options), {
      logger: false,
    });
    const tickets = context.get(Tickets);
    try {
      await tickets.add('run-build');
      expect(tickets.isReachable).toBe(true);
      await redis.stop();
      await tickets.add('run-build');
      expect(tickets.isReachable).toBe(false);
      expect(await tickets.countWaiting('run-build')).toBe(0);
      const back = await startRedis({ port });
      for (let isBack = false; !isBack;) {
        await tickets.countWaiting('run-build');
        isBack = tickets.isReachable;
      }
      await tickets.add('run-build');
      expect(await tickets.countWaiting('run-build')).toBeGreaterThan(0);
      await context.close();
      await back.stop();
    } finally {
      await database.drop();
    }
  });
});
