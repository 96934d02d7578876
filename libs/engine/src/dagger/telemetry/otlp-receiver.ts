import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type TelemetryKind = 'traces' | 'logs';
/** Takes one batch; the next is handed over when it resolves. */
export type TelemetryReader = (kind: TelemetryKind, body: Buffer) => Promise<void> | void;

const kinds: Readonly<Record<string, TelemetryKind>> = { '/v1/traces': 'traces', '/v1/logs': 'logs' };
/** Above this much unread telemetry an answer waits; below it, the exporter is answered at once. */
const comfortableBytes = 64 * 1024 * 1024;
/** The exporter gives a batch up after 10 s and sends it again; an answer never waits that long. */
const longestAnswerMs = 6_000;

/**
 * A receiver of OTLP (http/protobuf) on a random port of 127.0.0.1. It answers as soon as it has the bytes and works
 * afterwards, one batch after the other in the order of arrival; a batch whose bytes were seen before is dropped.
 */
export class OtlpReceiver {
  private readonly server: Server;
  private readonly seen = new Set<string>();
  private work: Promise<void> = Promise.resolve();
  private unreadBytes = 0;
  private failure: Error | null = null;

  private constructor(
    private readonly read: TelemetryReader,
    private readonly onFailure: (error: Error) => void,
  ) {
    this.server = createServer((request, response) => {
      this.receive(request, response).catch(() => response.destroy());
    });
  }

  /** `onFailure` hears of the first error of the reader, which then gets no more batches. */
  static async listen(
    read: TelemetryReader,
    onFailure: (error: Error) => void = () => undefined,
  ): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver(read, onFailure);
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    return receiver;
  }

  /** `http://127.0.0.1:<port>`. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resolves when all that has arrived is read; rejects with the first error of the reader. */
  async drain(): Promise<void> {
    await this.work;
    if (this.failure !== null) throw this.failure;
  }

  /** Closes the port at once; what has arrived can still be drained. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const kind = kinds[request.url ?? ''];
    const body = await readBody(request);
    if (kind !== undefined && this.isNew(body)) await this.accept(kind, body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }

  private isNew(body: Buffer): boolean {
    const hash = createHash('sha256').update(body).digest('base64');
    if (this.seen.has(hash)) return false;
    this.seen.add(hash);
    return true;
  }

  private async accept(kind: TelemetryKind, body: Buffer): Promise<void> {
    this.unreadBytes += body.length;
    this.work = this.work.then(() => this.readBatch(kind, body));
    if (this.unreadBytes > comfortableBytes) await settledWithin(this.work, longestAnswerMs);
  }

  private async readBatch(kind: TelemetryKind, body: Buffer): Promise<void> {
    try {
      if (this.failure === null) await this.read(kind, body);
    } catch (error) {
      // Whatever the reader or the sink throws is kept for drain(); answers go on, so that the exporter can end.
      this.failure = error instanceof Error ? error : new Error('telemetry was not read', { cause: error });
      this.onFailure(this.failure);
    } finally {
      this.unreadBytes -= body.length;
    }
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function settledWithin(work: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}
