import { Logger } from '@nestjs/common';
import type { ProblemCode, UserPrincipal } from '@nohands/domain';
import { WebSocket, type RawData } from 'ws';
import { BuildLogsService } from '../builds/build-logs.service.js';
import { describeFault, toProblem } from '../http/problem-answer.js';
import type { LiveStatesFeed } from './live-states.feed.js';
import { parseRequest, parseTopic, type LiveRequest, type StateTopic, type Topic } from './topics.js';

export type LiveSources = { readonly states: LiveStatesFeed; readonly logs: BuildLogsService };

const mostSubscriptions = 64;
const mostRecordsPerFrame = 500;
type ServerEvent = 'subscribed' | 'log' | 'state' | 'error' | 'ping';

/** One tab: its subscriptions, each sent no faster than the socket takes it. */
export class LiveConnection {
  readonly #logger = new Logger(LiveConnection.name);
  readonly #subscriptions = new Map<string, AbortController>();

  constructor(
    private readonly socket: WebSocket,
    private readonly viewer: UserPrincipal,
    private readonly sources: LiveSources,
  ) {
    socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : textOf(data)));
    socket.on('close', () => this.#stopAll());
    // Too large a frame or a broken one: the socket closes by itself; without a listener the process would end.
    socket.on('error', () => this.#stopAll());
  }

  ping(): void {
    void this.#send('ping', { topic: '' });
  }

  #receive(text: string): void {
    const request = parseRequest(text);
    const topic = request && parseTopic(request.topic);
    if (!request || !topic) {
      const detail = 'Send {"event": "subscribe", "data": {"topic": "builds"}} with a topic that exists.';
      return this.#refuse(request?.topic ?? '', 'bad_request', detail);
    }
    this.#subscriptions.get(request.topic)?.abort();
    this.#subscriptions.delete(request.topic);
    if (request.event === 'unsubscribe') return;
    if (this.#subscriptions.size >= mostSubscriptions) {
      return this.#refuse(request.topic, 'too_many_requests', `At most ${mostSubscriptions} topics at once.`);
    }
    const stop = new AbortController();
    this.#subscriptions.set(request.topic, stop);
    void this.#run(request, topic, stop.signal);
  }

  async #run(request: LiveRequest, topic: Topic, signal: AbortSignal): Promise<void> {
    try {
      if (topic.kind === 'build-logs') await this.#sendLog(request, topic.id, signal);
      else await this.#sendStates(request, topic, signal);
    } catch (error) {
      if (signal.aborted) return;
      const problem = toProblem(error);
      if (!problem) this.#logger.error(describeFault(error));
      this.#refuse(
        request.topic,
        problem?.code ?? 'internal',
        problem?.message ?? 'The server made a mistake.',
      );
    }
    if (this.#subscriptions.get(request.topic)?.signal === signal) this.#subscriptions.delete(request.topic);
  }

  async #sendStates({ topic }: LiveRequest, what: StateTopic, signal: AbortSignal) {
    const states = this.sources.states.follow(this.viewer, what, signal);
    // The first step starts the listening: only then may the reader load its page.
    let next = states.next();
    // One thing is read first, so that what may not be seen is refused instead of subscribed.
    if (what.kind !== 'builds' && what.kind !== 'repositories') await next;
    await this.#send('subscribed', { topic });
    for (;;) {
      const { done, value } = await next;
      if (done || signal.aborted) return void states.return(undefined);
      await this.#send('state', { topic, ...value });
      next = states.next();
    }
  }

  async #sendLog({ topic, after }: LiveRequest, id: number, signal: AbortSignal): Promise<void> {
    const records = await this.sources.logs.records(this.viewer, id, { after, signal });
    await this.#send('subscribed', { topic });
    for await (const batch of records) {
      for (let from = 0; from < batch.length && !signal.aborted; from += mostRecordsPerFrame) {
        await this.#send('log', { topic, records: batch.slice(from, from + mostRecordsPerFrame) });
      }
    }
  }

  #refuse(topic: string, code: ProblemCode, detail: string): void {
    void this.#send('error', { topic, code, detail });
  }

  /** Resolves when the socket took the frame: this is what slows a sender down to its reader. */
  #send(event: ServerEvent, data: Record<string, unknown>): Promise<void> {
    if (this.socket.readyState !== WebSocket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.socket.send(JSON.stringify({ event, data }), () => resolve()));
  }

  #stopAll(): void {
    for (const stop of this.#subscriptions.values()) stop.abort();
    this.#subscriptions.clear();
  }
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as Buffer).toString();
}
