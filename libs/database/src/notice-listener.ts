import { Client } from 'pg';
import { noticeChannel, readNotice, type Notice } from './notices.js';

export type NoticeListenerEvents = {
  notice(notice: Notice): void;
  /** Listening again after a lost connection: whoever follows something reads from its cursor now. */
  reconnected(): void;
};

const firstDelayMs = 200;
const longestDelayMs = 5_000;

/**
 * One LISTEN per process, on a connection of its own (a transaction pooler cannot carry it).
 * Reconnects by itself; notices sent meanwhile are lost, which is why `reconnected` exists.
 */
export class NoticeListener {
  readonly #connectionString: string;
  readonly #events: NoticeListenerEvents;
  #client: Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #delayMs = firstDelayMs;
  #closed = false;

  constructor(connectionString: string, events: NoticeListenerEvents) {
    this.#connectionString = connectionString;
    this.#events = events;
  }

  get isListening(): boolean {
    return this.#client !== null;
  }

  /** Resolves once LISTEN is in force; rejects when the first connection fails. */
  async start(): Promise<void> {
    const client = new Client({
      connectionString: this.#connectionString,
      application_name: 'nohands-listen',
      keepAlive: true,
    });
    client.on('notification', ({ payload }) => {
      const notice = payload === undefined ? null : readNotice(payload);
      if (notice !== null) this.#events.notice(notice);
    });
    client.on('error', () => this.#lost(client));
    client.on('end', () => this.#lost(client));
    await client.connect();
    await client.query(`LISTEN ${noticeChannel}`);
    this.#client = client;
    this.#delayMs = firstDelayMs;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    // The connection is gone already; ending it only frees the socket.
    void client.end().catch(() => undefined);
    this.#scheduleReconnect();
  }

  #scheduleReconnect(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#reconnect(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
  }

  async #reconnect(): Promise<void> {
    try {
      await this.start();
      this.#events.reconnected();
    } catch {
      // The database is still away; the readers' own two-second look covers the time until it is back.
      this.#scheduleReconnect();
    }
  }
}
