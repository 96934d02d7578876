import { once } from 'node:events';
import { WebSocket } from 'ws';

const finalStates = new Set(['success', 'failed', 'cancelled']);

/** Hears of final states as the dashboard does: by `/api/live`, over a connection that is open already. */
export class BuildStates {
  readonly #socket: WebSocket;
  readonly #finals = new Map<number, string>();
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (bytes: Buffer) => this.#hear(bytes.toString('utf8')));
    socket.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The live connection was lost.'));
    });
  }

  static async open(address: string, token: string): Promise<BuildStates> {
    const socket = new WebSocket(`${address.replace(/^http/, 'ws')}/api/live`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await once(socket, 'open');
    const states = new BuildStates(socket);
    socket.send(JSON.stringify({ event: 'subscribe', data: { topic: 'builds' } }));
    return states;
  }

  async final(buildId: number): Promise<string> {
    const known = this.#finals.get(buildId);
    if (known !== undefined) return known;
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error('The live connection was lost.');
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(buildId, waiting);
    return waiting.promise;
  }

  close(): void {
    this.#socket.terminate();
  }

  #hear(text: string): void {
    const { data } = JSON.parse(text) as { data?: { build?: { id: number; status: string } } };
    const build = data?.build;
    if (build === undefined || !finalStates.has(build.status)) return;
    this.#finals.set(build.id, build.status);
    this.#waiting.get(build.id)?.resolve(build.status);
    this.#waiting.delete(build.id);
  }
}
