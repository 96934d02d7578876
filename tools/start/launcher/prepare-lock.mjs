import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';

/**
 * Runs `work` while no other start of the same clone does: two `npm ci` at once would break both. The lock is a socket
 * name of the kernel's (no file), so that it ends with its process; elsewhere than on Linux there is none.
 */
export async function withPrepareLock(root, work) {
  if (process.platform !== 'linux') return work();
  const name = `\0nohands-prepare-${process.getuid()}-${createHash('sha256').update(root).digest('hex')}`;
  const server = await take(name);
  try {
    return await work();
  } finally {
    server.close();
  }
}

async function take(name) {
  for (let isFirst = true; ; isFirst = false) {
    const server = await listen(name);
    if (server !== null) return server;
    if (isFirst) console.log('Another start is preparing this clone; waiting for it ...');
    await untilClosed(name);
  }
}

function listen(name) {
  const waiting = new Set();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined);
  });
  const close = server.close.bind(server);
  server.close = () => {
    for (const socket of waiting) socket.destroy();
    return close();
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}

function untilClosed(name) {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.once('error', () => undefined); // Expected: it has just finished
    socket.once('close', resolve);
  });
}
