import { request, type IncomingMessage } from 'node:http';

/**
 * A `fetch` for one purpose: POST of a text to this machine, ended only by the answer or the abort. The global `fetch`
 * gives up after five minutes without headers, and a build may take longer.
 */
export function postWithoutTimeout(
  url: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers = Object.fromEntries(new Headers(init?.headers).entries());
  const body = typeof init?.body === 'string' ? init.body : '';
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    };
    const posted = request(url, options, (answer) => {
      toResponse(answer).then(resolve, reject);
    });
    posted.once('error', reject);
    posted.end(body);
  });
}

async function toResponse(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const type = answer.headers['content-type'] ?? 'text/plain';
  return new Response(Buffer.concat(chunks), {
    status: answer.statusCode ?? 502,
    headers: { 'content-type': type },
  });
}
