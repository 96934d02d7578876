import { normalizeHost } from '@nohands/domain';
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { getCACertificates } from 'node:tls';
import { GitError } from './git-error.js';
import type { GitRemote, GitSettings } from './git-settings.js';
import { lookUpHost } from './host-lookup.js';
import { readHttpFailure } from './http-failure.js';

/** Where the repository really is, after redirects: what git may be pointed at without following any itself. */
export type HttpLocation = {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Judged; the connection is pinned to these. */
  readonly addresses: readonly string[];
  /** The `Authorization` header, or null: none given, or a redirect led away from the host it was given for. */
  readonly authorization: string | null;
};

const advertisement = '/info/refs?service=git-upload-pack';
const mostRedirects = 5;
/** An advertisement of half a million refs; a server that sends more is not listened to. */
const mostBytes = 64 * 1024 * 1024;

/** One conversation with a git server over HTTP: judges every host before it connects, and connects to what it judged. */
export class HttpRemote implements HttpClient {
  private location: HttpLocation | null = null;
  private failure: unknown = null;
  private isComplete = false;

  constructor(
    private readonly remote: GitRemote,
    private readonly settings: GitSettings,
    private readonly signal: AbortSignal,
  ) {}

  /** Known once the advertisement was read. */
  get foundLocation(): HttpLocation {
    if (this.location === null) throw new GitError('internal', 'The git server was not asked yet.');
    return this.location;
  }

  /** Part of `HttpClient`: the library asks for the advertisement first, then sends to the same repository. */
  async request(call: GitHttpRequest): Promise<GitHttpResponse> {
    const response = call.method === 'POST' ? await this.send(call) : await this.find(call);
    const failure = readHttpFailure(response.statusCode ?? 0, this.foundLocation.authorization !== null);
    if (failure !== null) {
      response.destroy();
      throw failure;
    }
    return {
      url: this.foundLocation.url,
      statusCode: response.statusCode ?? 0,
      statusMessage: response.statusMessage ?? '',
      headers: response.headers as Record<string, string>,
      body: this.read(response),
    };
  }

  /** Throws what went wrong while an answer was read: the library takes any failure for the end of the list. */
  throwIfFailed(): void {
    this.signal.throwIfAborted();
    if (this.failure !== null) throw this.failure;
  }

  /** As `throwIfFailed`, and when the list has no end mark: what was read is then not all. */
  throwIfIncomplete(): void {
    this.throwIfFailed();
    if (this.isComplete) return;
    throw new GitError('remote_unreachable', 'The answer of the git server broke off. Try again.');
  }

  private async *read(response: IncomingMessage): AsyncIterableIterator<Uint8Array> {
    let bytes = 0;
    let ending = '';
    this.isComplete = false;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > mostBytes)
          throw new GitError('remote_unreachable', 'The git server sends an endless list of refs.');
        ending = (ending + chunk.subarray(-4).toString('latin1')).slice(-4);
        yield chunk;
      }
      this.isComplete = ending === '0000';
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  private async find(call: GitHttpRequest): Promise<IncomingMessage> {
    let target = new URL(this.remote.url.replace(/\/+$/, '') + advertisement);
    let authorization = readAuthorization(this.remote);
    for (let hop = 0; hop <= mostRedirects; hop++) {
      this.location = await this.judge(target, authorization);
      const response = await this.open(target, { method: 'GET', headers: call.headers });
      const next = readRedirect(response, target);
      if (next === null) {
        if (!target.href.endsWith(advertisement)) response.statusCode = 404; // led to a page, not to a repository
        return response;
      }
      response.destroy();
      if (!keepsAuthorization(target, next)) authorization = null;
      target = next;
    }
    throw new GitError('remote_unreachable', `The git server redirects more than ${mostRedirects} times.`);
  }

  private async judge(target: URL, authorization: string | null): Promise<HttpLocation> {
    const host = normalizeHost(target.hostname);
    if (host === null)
      throw new GitError('blocked_address', 'The git server redirects to something that is no host.');
    const addresses = await lookUpHost(host, this.settings, this.signal);
    const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
    return { url: target.href.slice(0, -advertisement.length), host, port, addresses, authorization };
  }

  private async send(call: GitHttpRequest): Promise<IncomingMessage> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (call.body ?? []) as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const target = new URL(`${this.foundLocation.url}/git-upload-pack`);
    return this.open(target, { method: 'POST', headers: call.headers }, Buffer.concat(chunks));
  }

  private open(target: URL, options: RequestOptions, body?: Buffer): Promise<IncomingMessage> {
    const { addresses, authorization } = this.foundLocation;
    const pinned = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const request = target.protocol === 'https:' ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const outgoing = request(target, {
        ...options,
        ...(target.protocol === 'https:' ? { ca: trustedAuthorities() } : {}),
        headers: {
          ...(options.headers as Record<string, string>),
          'User-Agent': 'git/nohands',
          ...(authorization === null ? {} : { Authorization: authorization }),
        },
        agent: false,
        signal: this.signal,
        lookup: (_host, asked, answer) =>
          asked.all === true
            ? answer(null, pinned)
            : answer(null, pinned[0]?.address ?? '', pinned[0]?.family),
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }
}

/** Null when the answer is no redirect. */
function readRedirect(response: IncomingMessage, from: URL): URL | null {
  const status = response.statusCode ?? 0;
  if (![301, 302, 303, 307, 308].includes(status) || response.headers.location === undefined) return null;
  const next = URL.parse(response.headers.location, from.href);
  const isHttp = next?.protocol === 'https:' || (next?.protocol === 'http:' && from.protocol === 'http:');
  if (next !== null && isHttp && next.username === '' && next.password === '') return next;
  throw new GitError(
    'blocked_address',
    'The git server redirects to an address of another kind, which is not followed.',
  );
}

/** Credentials stay with the host they were given for; only an upgrade to https may change the port. */
function keepsAuthorization(from: URL, to: URL): boolean {
  const isUpgrade =
    from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === '';
  return from.origin === to.origin || (from.hostname === to.hostname && isUpgrade);
}

function readAuthorization(remote: GitRemote): string | null {
  if (remote.credentials === null) return null;
  const { username, password } = remote.credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

let authorities: string[] | null = null;

/** Node's own list and the system's, so that a company's authority installed on the machine counts. */
function trustedAuthorities(): string[] {
  authorities ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return authorities;
}
