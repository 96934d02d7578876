import { TestBed } from '@angular/core/testing';
import type { LiveFrame } from './live-frames';
import { LiveSocket, OPEN_SOCKET } from './live-socket';

/** A socket whose other end is the spec. */
class FakeSocket extends EventTarget {
  readonly sent: unknown[] = [];
  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.dispatchEvent(new Event('close'));
  }
  open(): void {
    this.dispatchEvent(new Event('open'));
  }
  say(frame: unknown): void {
    this.dispatchEvent(
      new MessageEvent('message', { data: typeof frame === 'string' ? frame : JSON.stringify(frame) }),
    );
  }
}

function arrange() {
  vi.useFakeTimers();
  const sockets: FakeSocket[] = [];
  const open = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  TestBed.configureTestingModule({ providers: [{ provide: OPEN_SOCKET, useValue: open }] });
  const live = TestBed.inject(LiveSocket);
  const last = () => sockets.at(-1) as FakeSocket;
  return { live, sockets, last };
}

describe(LiveSocket.name, () => {
  afterEach(() => vi.useRealTimers());

  it('opens one connection for all topics and subscribes once it stands', () => {
    const { live, sockets, last } = arrange();
    live.subscribe('builds', { receive: () => undefined });
    live.subscribe('queue', { receive: () => undefined });
    last().open();
    expect(sockets).toHaveLength(1);
    expect(last().sent).toEqual([
      { event: 'subscribe', data: { topic: 'builds' } },
      { event: 'subscribe', data: { topic: 'queue' } },
    ]);
  });

  it('gives a frame to the subscribers of its topic only, and outlives what it cannot read', () => {
    const { live, last } = arrange();
    const builds: LiveFrame[] = [];
    const queue: LiveFrame[] = [];
    live.subscribe('builds', { receive: (frame) => builds.push(frame) });
    live.subscribe('queue', { receive: (frame) => queue.push(frame) });
    last().open();
    last().say('{"event": "sta');
    last().say({ event: 'from-the-future', data: { topic: 'builds' } });
    last().say({ event: 'ping' });
    last().say({ event: 'subscribed', data: { topic: 'builds' } });
    expect(builds.map((frame) => frame.event)).toEqual(['subscribed']);
    expect(queue).toEqual([]);
  });

  it('resumes every topic from where it stands after a cut, and says that it is reconnecting meanwhile', () => {
    const { live, sockets, last } = arrange();
    let lastLine = 0;
    live.subscribe('builds/7/logs', { after: () => lastLine, receive: () => (lastLine = 41) });
    last().open();
    last().say({ event: 'log', data: { topic: 'builds/7/logs', records: [] } });
    last().close();
    expect(live.isReconnecting()).toBe(true);
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(2);
    last().open();
    expect(live.isReconnecting()).toBe(false);
    expect(last().sent).toEqual([{ event: 'subscribe', data: { topic: 'builds/7/logs', after: 41 } }]);
  });

  it('waits longer after each refusal, at most eight seconds, and starts small again once it stood', () => {
    const { live, sockets, last } = arrange();
    live.subscribe('builds', { receive: () => undefined });
    for (let refusal = 0; refusal < 12; refusal += 1) {
      last().close();
      vi.advanceTimersByTime(8_000);
    }
    expect(sockets).toHaveLength(13);
    last().close();
    vi.advanceTimersByTime(3_900);
    expect(sockets).toHaveLength(13);
    vi.advanceTimersByTime(4_100);
    last().open();
    last().close();
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(15);
  });

  it('takes a connection that says nothing, not even a ping, for dead', () => {
    const { live, sockets, last } = arrange();
    live.subscribe('builds', { receive: () => undefined });
    last().open();
    vi.advanceTimersByTime(40_000);
    last().say({ event: 'ping', data: { topic: '' } });
    vi.advanceTimersByTime(44_000);
    expect(live.isOpen()).toBe(true);
    vi.advanceTimersByTime(1_500);
    expect(sockets).toHaveLength(2);
  });

  it('does not reconnect for nobody', () => {
    const { live, sockets, last } = arrange();
    const leave = live.subscribe('builds', { receive: () => undefined });
    last().open();
    leave();
    expect(last().sent.at(-1)).toEqual({ event: 'unsubscribe', data: { topic: 'builds' } });
    last().close();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('asks again for a topic that the server dropped for a passing reason, never for one it refused', () => {
    const { live, last } = arrange();
    live.subscribe('builds', { receive: () => undefined });
    live.subscribe('builds/99', { receive: () => undefined });
    last().open();
    last().sent.length = 0;
    last().say({ event: 'error', data: { topic: 'builds', code: 'unavailable', detail: '' } });
    last().say({ event: 'error', data: { topic: 'builds/99', code: 'not_found', detail: '' } });
    vi.advanceTimersByTime(10_000);
    expect(last().sent).toEqual([{ event: 'subscribe', data: { topic: 'builds' } }]);
  });
});
