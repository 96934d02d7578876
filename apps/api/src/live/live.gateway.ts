import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import type { UserPrincipal } from '@nohands/domain';
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { IdentityService } from '../admin/identity.service.js';
import { BuildLogsService } from '../builds/build-logs.service.js';
import { Site } from '../http/site.js';
import { LiveConnection } from './live-connection.js';
import { LiveStatesFeed } from './live-states.feed.js';

const path = '/api/live';
const largestFrame = 16 * 1024;
const pingMilliseconds = 20_000;
const closeAway = 1001;
const closeSignedOut = 4401;

/** The WebSocket of the dashboard: who connects is known, comes from our own page, and is asked again while connected. */
@Injectable()
export class LiveGateway implements OnApplicationShutdown {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: largestFrame,
    perMessageDeflate: false,
  });
  readonly #site: Site;

  constructor(
    private readonly identities: IdentityService,
    private readonly states: LiveStatesFeed,
    private readonly logs: BuildLogsService,
    configuration: Configuration,
  ) {
    this.#site = new Site(configuration);
  }

  /** Takes the upgrades of an HTTP server; all others are refused. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.#upgrade(request, socket, head).catch(() => refuse(socket, 503));
    });
  }

  onApplicationShutdown(): void {
    for (const client of this.#server.clients) client.close(closeAway, 'The server restarts');
    this.#server.close();
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (!isLivePath(request.url)) return refuse(socket, 404);
    if (!this.#site.isAllowedHost(request.headers.host)) return refuse(socket, 400);
    if (!this.#isOwnPage(request)) return refuse(socket, 403);
    const identity = await this.identities.identify(request.headers);
    if (!identity) return refuse(socket, 401);
    this.#server.handleUpgrade(request, socket, head, (client) =>
      this.#welcome(client, request, identity.principal),
    );
  }

  /** A cookie comes with the requests of any page, so its Origin must be ours; a token was put there on purpose. */
  #isOwnPage({ headers, socket }: IncomingMessage): boolean {
    if (headers.origin === undefined) return headers.authorization !== undefined;
    const protocol = 'encrypted' in socket ? 'https' : 'http';
    return this.#site.isOwnOrigin(headers.origin, { protocol, host: headers.host ?? '' });
  }

  #welcome(client: WebSocket, request: IncomingMessage, viewer: UserPrincipal): void {
    const connection = new LiveConnection(client, viewer, { states: this.states, logs: this.logs });
    let isAlive = true;
    client.on('pong', () => (isAlive = true));
    const timer = setInterval(() => {
      if (!isAlive) return client.terminate();
      isAlive = false;
      client.ping();
      connection.ping();
      void this.#endIfSignedOut(client, request, viewer);
    }, pingMilliseconds);
    client.on('close', () => clearInterval(timer));
  }

  async #endIfSignedOut(client: WebSocket, request: IncomingMessage, viewer: UserPrincipal): Promise<void> {
    try {
      const identity = await this.identities.identify(request.headers);
      const isSame =
        identity?.principal.userId === viewer.userId && identity.principal.isAdmin === viewer.isAdmin;
      if (!isSame) client.close(closeSignedOut, 'Signed out');
    } catch {
      // The database is away: the next ping asks again.
    }
  }
}

function isLivePath(url = ''): boolean {
  return url.split('?', 1)[0]?.replace(/\/$/, '') === path;
}

function refuse(socket: Duplex, status: number): void {
  if (socket.destroyed) return;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
