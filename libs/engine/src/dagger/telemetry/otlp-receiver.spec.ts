import { afterEach, describe, expect, it } from 'vitest';
import { OtlpReceiver, type TelemetryReader } from './otlp-receiver.js';

let receiver: OtlpReceiver;
afterEach(() => receiver.close());

async function listen(read: TelemetryReader) {
  receiver = await OtlpReceiver.listen(read);
}

function post(body: string, path = '/v1/logs'): Promise<Response> {
  return fetch(`${receiver.origin}${path}`, { method: 'POST', body });
}

describe(OtlpReceiver.name, () => {
  it('answers before a batch is read, and hands batches over one by one in order', async () => {
    const read: string[] = [];
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await listen(async (kind, body) => {
      await gate;
      read.push(`${kind} ${body.toString()}`);
    });
    for (const [body, path] of [['one'], ['two', '/v1/traces'], ['three']] as const) {
      expect((await post(body, path)).status).toBe(200);
    }
    expect(read).toEqual([]);
    release();
    await receiver.drain();
    expect(read).toEqual(['logs one', 'traces two', 'logs three']);
  });

  it('drops a batch that was seen, and what is neither spans nor logs', async () => {
    const read: string[] = [];
    await listen((_kind, body) => void read.push(body.toString()));
    for (const body of ['a', 'b', 'a', 'b', 'a']) await post(body);
    expect((await post('c', '/v1/metrics')).status).toBe(200);
    await receiver.drain();
    expect(read).toEqual(['a', 'b']);
  });

  it('tells the first error of the reader, keeps it for who drains, and answers on', async () => {
    const read: string[] = [];
    const failures: Error[] = [];
    receiver = await OtlpReceiver.listen(
      (_kind, body) => {
        read.push(body.toString());
        throw new Error('the sink is full');
      },
      (error) => failures.push(error),
    );
    for (const body of ['one', 'two']) expect((await post(body)).status).toBe(200);
    await expect(receiver.drain()).rejects.toThrow('the sink is full');
    expect(read).toEqual(['one']);
    expect(failures).toHaveLength(1);
  });
});
