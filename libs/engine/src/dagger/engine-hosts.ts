import { connect, type Socket } from 'node:net';

/** True when something accepts a connection at this address of an engine within the time; others are not judged. */
export async function isEngineListening(host: string, milliseconds: number): Promise<boolean> {
  const address = addressOf(host);
  return address === null || (await accepts(address, milliseconds));
}

type Address = { readonly path: string } | { readonly host: string; readonly port: number };

/** Null for addresses that only the CLI can reach (a container, a pod): opening a session is their probe. */
function addressOf(host: string): Address | null {
  const url = new URL(host);
  if (url.protocol === 'unix:') return { path: decodeURIComponent(url.pathname) };
  if (url.protocol !== 'tcp:') return null;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
}

function accepts(address: Address, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(address);
    const end = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(false), milliseconds);
    socket.once('connect', () => end(true));
    // Expected: ENOENT, ECONNREFUSED, an unknown name, a port out of range. All mean: no engine here.
    socket.once('error', () => end(false));
  });
}
