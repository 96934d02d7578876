import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export type GitServerOptions = {
  /** Every folder below is served as a repository. */
  readonly root: string;
  /** Asked for by basic authentication; anybody is let in when absent. */
  readonly account?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly key: string; readonly cert: string };
};

/** One request as the server saw it. */
export type SeenRequest = {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
};

/** What to do instead of answering; null answers as git does. */
export type Misbehaviour =
  | { readonly kind: 'hang' }
  /** Sends this many bytes of each pack, emits `stalled`, and sends nothing more. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'redirect'; readonly to: (path: string) => string; readonly status?: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'page' };

/**
 * `git http-backend` behind a server on 127.0.0.1, for tests. Emits `request` (a `SeenRequest`) and `stalled`.
 */
export class GitServer extends EventEmitter<{ request: [SeenRequest]; stalled: [] }> {
  misbehaviour: Misbehaviour | null = null;
  readonly seen: SeenRequest[] = [];
  private readonly children = new Set<ChildProcess>();

  private constructor(
    private readonly options: GitServerOptions,
    private readonly server: Server,
  ) {
    super();
  }

  static async start(options: GitServerOptions): Promise<GitServer> {
    const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
    const gitServer = new GitServer(options, server);
    server.on('request', (request, response) => gitServer.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return gitServer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The address of a repository below the root. */
  url(repository: string, host = '127.0.0.1'): string {
    return `${this.options.tls === undefined ? 'http' : 'https'}://${host}:${this.port}/${repository}`;
  }

  async stop(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const authorization = request.headers.authorization ?? null;
    const seen = { method: request.method ?? '', url: request.url ?? '', authorization };
    this.seen.push(seen);
    this.emit('request', seen);
    if (this.misbehave(request, response)) return;
    if (!this.isLetIn(authorization)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end();
      return;
    }
    this.serve(request, response);
  }

  private isLetIn(authorization: string | null): boolean {
    const { account } = this.options;
    if (account === undefined) return true;
    return (
      authorization === `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`
    );
  }

  private misbehave(request: IncomingMessage, response: ServerResponse): boolean {
    const bad = this.misbehaviour;
    switch (bad?.kind) {
      case 'hang':
        return true;
      case 'redirect':
        response.writeHead(bad.status ?? 301, { Location: bad.to(request.url ?? '') }).end();
        return true;
      case 'status':
        response.writeHead(bad.status).end();
        return true;
      case 'page':
        response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Not git.</html>');
        return true;
      case 'stall':
      case 'cut':
      case undefined:
        return false;
    }
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://server');
    const child = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        GIT_PROJECT_ROOT: this.options.root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        REQUEST_METHOD: request.method ?? 'GET',
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.children.add(child);
    child.once('close', () => this.children.delete(child));
    // Expected: EPIPE, when the backend refuses before it has read everything.
    child.stdin.on('error', () => undefined);
    void collect(request).then((body) =>
      child.stdin.end(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body),
    );
    response.on('close', () => child.kill('SIGKILL'));
    this.relay(child.stdout, response, request.method === 'POST');
  }

  /** CGI in, HTTP out. */
  private relay(output: NodeJS.ReadableStream, response: ServerResponse, isPack: boolean): void {
    let head = Buffer.alloc(0);
    let sent = 0;
    const send = (chunk: Buffer): void => {
      const bad = isPack ? this.misbehaviour : null;
      if (bad?.kind !== 'stall' && bad?.kind !== 'cut') return void response.write(chunk);
      if (sent >= bad.afterBytes) return;
      const part = chunk.subarray(0, bad.afterBytes - sent);
      sent += part.length;
      response.write(part, () => {
        if (sent < bad.afterBytes) return;
        if (bad.kind === 'cut') response.destroy();
        else this.emit('stalled');
      });
    };
    output.on('data', (chunk: Buffer) => {
      if (response.headersSent) return send(chunk);
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      writeCgiHead(response, head.subarray(0, end).toString('latin1'));
      send(head.subarray(end + 4));
    });
    output.on('end', () => {
      const bad = isPack ? this.misbehaviour : null;
      if ((bad?.kind === 'stall' || bad?.kind === 'cut') && sent >= bad.afterBytes) return;
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  }
}

function writeCgiHead(response: ServerResponse, text: string): void {
  const lines = text.split('\r\n').map((line) => line.split(/: (.*)/s) as [string, string]);
  const status = lines.find(([name]) => name.toLowerCase() === 'status')?.[1] ?? '200';
  for (const [name, value] of lines) if (name.toLowerCase() !== 'status') response.setHeader(name, value);
  response.writeHead(parseInt(status, 10));
  response.flushHeaders();
}

async function collect(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
