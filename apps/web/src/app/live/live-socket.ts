import { Injectable, InjectionToken, computed, inject, signal } from '@angular/core';
import { type LiveFrame, readFrame } from './live-frames';

export type Subscriber = {
  /** The last line already known; read anew at each (re)subscription. */
  readonly after?: () => number;
  readonly receive: (frame: LiveFrame) => void;
};

/** Opens the connection; replaced in specs. */
export const OPEN_SOCKET = new InjectionToken<() => WebSocket>('open live socket', {
  providedIn: 'root',
  factory: () => () => new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/live`),
});

const firstPauseMilliseconds = 250;
const longestPauseMilliseconds = 8_000;
/** The server pings more often than this: longer silence means a dead connection that nobody closed. */
const silenceMilliseconds = 45_000;
/** Errors that end a subscription on the server but pass by themselves. */
const passing: ReadonlySet<string> = new Set(['internal', 'unavailable', 'too_many_requests']);

/**
 * The one WebSocket of the tab. Topics outlive connections: after a cut it connects again, with growing pauses, and
 * subscribes to all of them from where each stands.
 */
@Injectable({ providedIn: 'root' })
export class LiveSocket {
  private readonly openSocket = inject(OPEN_SOCKET);
  private readonly topics = new Map<string, Set<Subscriber>>();
  private readonly state = signal<'idle' | 'connecting' | 'open' | 'waiting'>('idle');
  private socket: WebSocket | null = null;
  /** Connections lost or refused in a row. */
  readonly failures = signal(0);
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  readonly isOpen = computed(() => this.state() === 'open');
  /** True from the moment a connection was lost or refused until the next one stands. */
  readonly isReconnecting = signal(false);

  constructor() {
    window.addEventListener('online', () => this.connectNow());
  }

  /** Hears a topic until the answer is called. */
  subscribe(topic: string, subscriber: Subscriber): () => void {
    const subscribers = this.topics.get(topic) ?? new Set();
    this.topics.set(topic, subscribers.add(subscriber));
    if (this.isOpen()) this.ask(topic);
    else this.connect();
    return () => this.leave(topic, subscriber);
  }

  /** Asks for a topic again, from the subscribers' present cursor: mends a gap. */
  resume(topic: string): void {
    if (!this.isOpen() || !this.topics.has(topic)) return;
    this.ask(topic);
  }

  /** Does not wait for the end of a pause. */
  connectNow(): void {
    if (this.state() === 'waiting') this.connect();
  }

  /** Ends the connection: the next one belongs to whoever is signed in then. */
  disconnect(): void {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.state.set('idle');
    this.isReconnecting.set(false);
    socket?.close();
  }

  private leave(topic: string, subscriber: Subscriber): void {
    const subscribers = this.topics.get(topic);
    subscribers?.delete(subscriber);
    if (subscribers?.size !== 0) return;
    this.topics.delete(topic);
    if (this.isOpen()) this.send('unsubscribe', { topic });
  }

  private connect(): void {
    if (this.state() === 'connecting' || this.state() === 'open') return;
    clearTimeout(this.retry);
    this.state.set('connecting');
    const socket = this.openSocket();
    this.socket = socket;
    socket.addEventListener('open', () => this.opened(socket));
    socket.addEventListener('message', (message) => this.received(socket, message.data));
    socket.addEventListener('close', () => this.closed(socket));
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.state.set('open');
    this.isReconnecting.set(false);
    this.failures.set(0);
    this.expectSound(socket);
    for (const topic of this.topics.keys()) this.ask(topic);
  }

  private received(socket: WebSocket, text: unknown): void {
    if (socket !== this.socket) return;
    this.expectSound(socket);
    const frame = readFrame(text);
    const topic = frame?.event === 'ping' ? undefined : frame?.data.topic;
    if (frame === null || topic === undefined) return;
    for (const subscriber of this.topics.get(topic) ?? []) subscriber.receive(frame);
    if (frame.event === 'error' && passing.has(frame.data.code)) {
      setTimeout(() => this.resume(topic), longestPauseMilliseconds / 4);
    }
  }

  private closed(socket: WebSocket): void {
    if (socket !== this.socket) return;
    clearTimeout(this.silence);
    this.socket = null;
    if (this.topics.size === 0) return this.state.set('idle');
    this.state.set('waiting');
    this.isReconnecting.set(true);
    const pause = Math.min(longestPauseMilliseconds, firstPauseMilliseconds * 2 ** this.failures());
    this.failures.update((failures) => failures + 1);
    // Spread by half, so that a restarted server is not met by all tabs at once.
    this.retry = setTimeout(() => this.connect(), pause * (0.5 + Math.random() / 2));
  }

  private expectSound(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      socket.close();
      this.closed(socket);
    }, silenceMilliseconds);
  }

  private ask(topic: string): void {
    const cursors = [...(this.topics.get(topic) ?? [])].map((subscriber) => subscriber.after?.());
    const known = cursors.filter((cursor) => cursor !== undefined);
    this.send('subscribe', known.length === 0 ? { topic } : { topic, after: Math.min(...known) });
  }

  private send(event: 'subscribe' | 'unsubscribe', data: { topic: string; after?: number }): void {
    this.socket?.send(JSON.stringify({ event, data }));
  }
}
