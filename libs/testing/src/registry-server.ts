import { baseEnvironment, runProgram, startProgram, type RunningProgram } from '@nohands/process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from './temporary-directory.js';

export type RegistryServer = AsyncDisposable & {
  /** `127.0.0.1:<port>`, plain HTTP. */
  readonly address: string;
  stop(): Promise<void>;
};

export type RegistryAccount = { readonly username: string; readonly password: string };

/** A real, empty registry (Debian's `docker-registry`) on a free loopback port; with an account it asks for it. */
export async function startRegistry(account: RegistryAccount | null = null): Promise<RegistryServer> {
  const folder = await temporaryDirectory();
  const configuration = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: { filesystem: { rootdirectory: join(folder.path, 'data') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0', relativeurls: true },
    ...(account === null ? {} : { auth: await passwordFile(folder.path, account) }),
  };
  const path = join(folder.path, 'config.json');
  // YAML is a superset of JSON.
  await writeFile(path, JSON.stringify(configuration));
  const program = startProgram({
    command: 'docker-registry',
    args: ['serve', path],
    environment: baseEnvironment(),
    tied: { endSignal: 'SIGKILL' },
  });
  const stop = async () => {
    await program.stop();
    await folder.remove();
  };
  const address = await listeningAddress(program).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { address, stop, [Symbol.asyncDispose]: stop };
}

async function passwordFile(folder: string, { username, password }: RegistryAccount) {
  const args = ['-n', '-B', '-i', username];
  const made = await runProgram({
    command: 'htpasswd',
    args,
    stdin: password,
    environment: baseEnvironment(),
  });
  if (made.exitCode !== 0) throw new Error(`htpasswd failed: ${made.stderr}`);
  const path = join(folder, 'htpasswd');
  await writeFile(path, made.stdout, { mode: 0o600 });
  return { htpasswd: { realm: 'test', path } };
}

/** The port is the system's choice; the registry says it in its log. */
async function listeningAddress(program: RunningProgram): Promise<string> {
  program.stdout.resume();
  const lines: string[] = [];
  for await (const line of createInterface({ input: program.stderr })) {
    lines.push(line);
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address === undefined) continue;
    program.stderr.resume();
    return address;
  }
  throw new Error(`docker-registry ended before it listened:\n${lines.join('\n')}`);
}

/** How the proxy treats a request: pass it on, answer this status, cut the connection, or never answer. */
export type Fault = 'none' | 'cut' | 'silence' | { readonly status: number };

export type FaultyProxy = RegistryServer & {
  /** Decides what happens to each request from now on. */
  inject(fault: (method: string, path: string) => Fault): void;
  /** `METHOD /path` of every request, oldest first. */
  readonly requests: readonly string[];
};

/** An HTTP proxy in front of `target` (`host:port`) that can fail on purpose. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let fault: (method: string, path: string) => Fault = () => 'none';
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const method = incoming.method ?? 'GET';
    const path = incoming.url ?? '/';
    requests.push(`${method} ${path}`);
    const happens = fault(method, path);
    if (happens === 'none') passOn(target, incoming, outgoing);
    else if (happens === 'cut') incoming.socket.destroy();
    else if (happens !== 'silence') {
      incoming.resume();
      outgoing.writeHead(happens.status, { 'content-type': 'application/json' }).end('{"errors":[]}');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { address, requests, inject: (next) => (fault = next), stop, [Symbol.asyncDispose]: stop };
}

function passOn(target: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const upstream = request(
    `http://${target}${incoming.url ?? '/'}`,
    { method: incoming.method, headers: { ...incoming.headers, host: target } },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.on('error', () => outgoing.destroy());
  incoming.pipe(upstream);
}
