import { Redis as Client } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { startRedis } from './redis.js';

describe(startRedis.name, () => {
  it('starts, answers, and comes back on the same port after a stop', async () => {
    const first = await startRedis();
    const client = new Client(first.url);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    await first.stop();
    const second = await startRedis({ port: Number(new URL(first.url).port) });
    expect(second.url).toBe(first.url);
    await second.stop();
  });

  it('says why it does not start', async () => {
    const first = await startRedis();
    const port = Number(new URL(first.url).port);
    await expect(startRedis({ port })).rejects.toMatchObject({ code: 'redis_not_started' });
    await first.stop();
  });
});
