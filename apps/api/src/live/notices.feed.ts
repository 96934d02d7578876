import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { NoticeListener, type Notice } from '@nohands/database';
import { describeFault } from '../http/problem-answer.js';

export type NoticeReader = {
  notice(notice: Notice): void;
  /** Notices may have been lost: read from your cursor. */
  reconnected(): void;
};

/** The one LISTEN of this process, shared by everybody who waits for something. */
@Injectable()
export class NoticesFeed implements OnApplicationShutdown, OnModuleInit {
  readonly #logger = new Logger(NoticesFeed.name);
  readonly #readers = new Set<NoticeReader>();
  readonly #listener: NoticeListener;

  constructor(configuration: Configuration) {
    this.#listener = new NoticeListener(configuration.databaseUrl ?? '', {
      notice: (notice) => this.#tell((reader) => reader.notice(notice)),
      reconnected: () => this.#tell((reader) => reader.reconnected()),
    });
  }

  /** The server does not start before LISTEN is in force. */
  async onModuleInit(): Promise<void> {
    await this.#listener.start();
  }

  /** Adds a reader; the answer removes it. */
  listen(reader: NoticeReader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#listener.close();
  }

  #tell(call: (reader: NoticeReader) => void): void {
    for (const reader of this.#readers) {
      try {
        call(reader);
      } catch (error) {
        // One reader's mistake must not silence the others.
        this.#logger.error(describeFault(error));
      }
    }
  }
}
