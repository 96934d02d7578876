/**
 * A `dagger` program that speaks from recordings instead of an engine: `version`, and `session` with its line of JSON,
 * its GraphQL server, its posts to the OTLP endpoints and the image archive at the export path. Queries are matched by
 * the fields they select, not by their text. The first argument is the scenario, a file of JSON (see replay.ts).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { writeImageArchive } from './image-archive.mjs';

const [scenarioFile, command] = process.argv.slice(2);
const scenario = JSON.parse(readFileSync(scenarioFile, 'utf8'));
const token = 'replayed-token';

if (command === 'version') {
  console.log('dagger v0.21.8 (replayed) linux/amd64');
} else if (command === 'session') {
  await runSession();
} else {
  console.error(`unknown command ${command}`);
  process.exit(2);
}

async function runSession() {
  if (scenario.endsAtStart !== undefined) {
    console.error(scenario.endsAtStart);
    process.exit(1);
  }
  const batches = readBatches();
  const server = createServer((request, response) => void answer(request, response, batches));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    writeFileSync(scenario.reportFile, JSON.stringify({ port, environment: process.env, queries: [] }));
    if (scenario.neverConnects !== true) console.log(JSON.stringify({ port, session_token: token }));
  });
  process.stdin.resume().once('end', () => void end(server, batches));
}

/** What the exporter sends while the build runs, and what it sends when the session ends. */
function readBatches() {
  const recorded =
    scenario.otlp === undefined ? [] : JSON.parse(readFileSync(scenario.otlp, 'utf8')).requests;
  const last = recorded.at(-1)?.atMs ?? 0;
  const isTail = (batch) => batch.atMs > last - 60;
  const order = scenario.logsFirst === true ? [...recorded].sort((a, b) => rank(a) - rank(b)) : recorded;
  return { live: order.filter((batch) => !isTail(batch)), tail: order.filter(isTail) };
}

function rank(batch) {
  return batch.path === '/v1/logs' ? 0 : 1;
}

async function end(server, batches) {
  if (scenario.neverEnds === true) return;
  await post(batches.tail);
  server.closeAllConnections();
  server.close();
  process.exit(0);
}

async function post(batches) {
  const origins = { '/v1/traces': 'TRACES', '/v1/logs': 'LOGS' };
  for (const batch of batches) {
    const url = process.env[`OTEL_EXPORTER_OTLP_${origins[batch.path]}_ENDPOINT`];
    if (url === undefined) continue;
    const init = { method: 'POST', body: Buffer.from(batch.bodyBase64, 'base64') };
    await fetch(url, { ...init, headers: { 'content-type': batch.contentType ?? 'application/x-protobuf' } });
    if (scenario.repeatsBatches === true) await fetch(url, init);
  }
}

async function answer(request, response, batches) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const expected = `Basic ${Buffer.from(`${token}:`).toString('base64')}`;
  if (request.headers.authorization !== expected) return void response.writeHead(401).end('unauthorized');
  const { query } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const report = JSON.parse(readFileSync(scenario.reportFile, 'utf8'));
  writeFileSync(scenario.reportFile, JSON.stringify({ ...report, queries: [...report.queries, query] }));
  const { status = 200, body } = await respond(readFields(query), query, batches);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/graphql-response+json';
  response.writeHead(status, { 'content-type': type });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function respond(fields, query, batches) {
  const names = fields.map((field) => field.name);
  const leaf = fields.at(-1);
  if (names.includes('setSecret') && scenario.refusesSecrets === true) {
    return { body: { errors: [{ message: `cannot do ${query}` }], data: null } };
  }
  if (!names.includes('dockerBuild')) {
    return { body: { data: nest(names, leaf.name === 'version' ? 'v0.21.8' : `id-of-${names.join('-')}`) } };
  }
  await post(batches.live);
  if (scenario.stalls === true) await new Promise(() => {});
  if (scenario.diesInBuild === true) process.exit(3);
  if (scenario.graphql !== undefined) {
    const { pairs } = JSON.parse(readFileSync(scenario.graphql, 'utf8'));
    const { status, body } = pairs.at(-1).response;
    if (status !== 200 || body.errors !== undefined) return { status, body };
  }
  if (leaf.name !== 'export') return { body: { errors: [{ message: `nothing exported by ${leaf.name}` }] } };
  await writeImageArchive(leaf.args.path);
  return { body: { data: nest(names, leaf.args.path) } };
}

function nest(names, value) {
  return names.reduceRight((inner, name) => ({ [name]: inner }), value);
}

/** The fields of a query that selects one path, with their plain string arguments. */
function readFields(query) {
  const texts = [];
  const bare = query.replace(/"(?:[^"\\]|\\.)*"/g, (text) => `$${texts.push(JSON.parse(text)) - 1}`);
  return [...bare.matchAll(/([A-Za-z_]\w*)\s*(\((?:[^()]*)\))?\s*(?=[{}])/g)].map(([, name, list]) => ({
    name,
    args: Object.fromEntries(
      [...(list ?? '').matchAll(/(\w+):\s*\$(\d+)/g)].map(([, key, index]) => [key, texts[Number(index)]]),
    ),
  }));
}
