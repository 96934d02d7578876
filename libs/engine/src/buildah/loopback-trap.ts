import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A service of this machine's loopback, that must not hear from a build. */
export type LoopbackTrap = {
  readonly port: number;
  /** True once somebody who knows the token has reached it. */
  wasReached(): boolean;
  close(): Promise<void>;
};

/** Listens on 127.0.0.1, and on ::1 where that exists, at the same port. */
export async function plantLoopbackTrap(token: string): Promise<LoopbackTrap> {
  let isReached = false;
  const sockets = new Set<Socket>();
  const listen = async (host: string, port: number): Promise<Server> => {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      let heard = '';
      socket.on('data', (chunk: Buffer) => {
        heard = (heard + chunk.toString('latin1')).slice(-1024);
        isReached ||= heard.includes(token);
      });
    });
    server.listen(port, host);
    await once(server, 'listening');
    return server;
  };
  const first = await listen('127.0.0.1', 0);
  const address = first.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // Expected: no IPv6 here, or the port is taken there. 127.0.0.1 is what counts.
  const second = await listen('::1', port).catch(() => null);
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await Promise.all(
      [first, second].map((server) => server && new Promise((resolve) => server.close(resolve))),
    );
  };
  return { port, wasReached: () => isReached, close };
}
