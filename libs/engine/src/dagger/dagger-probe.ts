import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgramNotFound, baseEnvironment, runProgram } from '@nohands/process';
import type { EngineProbe } from '../build-engine.js';
import type { DaggerEngineOptions } from './dagger-engine.js';
import { isEngineListening } from './engine-hosts.js';
import { DaggerSession, SessionNotOpened } from './session/dagger-session.js';
import { postWithoutTimeout } from './session/post-without-timeout.js';

/** Measured up to engine 0.21.8: docs/adr/0005-dagger-sessions.md. */
const losesBytes =
  'Dagger engines drop pieces of output that are not valid UTF-8: binary output and long output beyond ASCII may lack parts.';

const connectMs = 1_000;
const sessionMs = 2_500;

/**
 * Looks for an engine that answers: the CLI first, then all hosts at once by a session that asks for the version.
 * Nothing is pulled or started but the CLI. Answers within 5 s; never throws.
 */
export async function probeDagger(options: DaggerEngineOptions): Promise<EngineProbe> {
  try {
    if (options.engineHosts.length === 0) {
      return unavailable('No address of a Dagger engine is configured: set DAGGER_ENGINE_HOSTS.');
    }
    const [cli, engines] = await Promise.all([
      readCliVersion(options.daggerBin),
      Promise.all(options.engineHosts.map((host) => probeHost(options, host))),
    ]);
    const answering = engines.find((engine) => engine.version !== null);
    if (answering?.version == null) {
      return unavailable(`No Dagger engine answers. ${engines.map((engine) => engine.reason).join(' ')}`);
    }
    const silent = engines.filter((engine) => engine.version === null).map((engine) => engine.reason);
    const version = `engine ${answering.version}, CLI ${cli}`;
    return { ready: true, name: 'dagger', version, warnings: [...silent, losesBytes] };
  } catch (error) {
    // Expected: the CLI is missing or cannot be started. The port's promise is never to throw.
    return unavailable(reasonOf(error, options.daggerBin));
  }
}

type HostProbe = { readonly version: string | null; readonly reason: string };

async function probeHost(options: DaggerEngineOptions, host: string): Promise<HostProbe> {
  if (!(await isEngineListening(host, connectMs))) {
    return { version: null, reason: `Nothing listens at ${host}: start the engine, or correct the address.` };
  }
  const directory = await mkdtemp(join(tmpdir(), 'nohands-dagger-probe-'));
  try {
    return { version: await askVersion(options, host, directory), reason: '' };
  } catch (error) {
    if (!(error instanceof SessionNotOpened) && !(error instanceof SyntaxError)) throw error;
    return { version: null, reason: `The engine at ${host} cannot be used: ${error.message}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function askVersion(options: DaggerEngineOptions, host: string, directory: string): Promise<string> {
  const session = await DaggerSession.open({
    daggerBin: options.daggerBin,
    engineHost: host,
    directory,
    telemetryOrigin: null,
    deadlineMs: sessionMs,
    recordDirectory: options.recordDirectory,
  });
  try {
    const authorization = `Basic ${Buffer.from(`${session.token}:`).toString('base64')}`;
    const init = {
      body: '{"query":"{version}"}',
      headers: { authorization, 'content-type': 'application/json' },
    };
    const url = `http://127.0.0.1:${session.port}/query`;
    const answer = await postWithoutTimeout(url, init, AbortSignal.timeout(connectMs));
    const { data } = JSON.parse(await answer.text()) as { data?: { version?: unknown } };
    return String(data?.version ?? 'of unknown version');
  } finally {
    // Only the version was wanted: there is nothing to wait for.
    await session.close(0);
  }
}

async function readCliVersion(daggerBin: string): Promise<string> {
  const run = await runProgram({
    command: daggerBin,
    args: ['version'],
    environment: baseEnvironment({ DO_NOT_TRACK: '1', DAGGER_NO_NAG: '1', DAGGER_NO_UPDATE_CHECK: '1' }),
    deadlineMs: sessionMs,
  });
  return /\bv\d+\.\d+\.\d+\S*/.exec(run.stdout.toString('utf8'))?.[0] ?? 'of unknown version';
}

function reasonOf(error: unknown, daggerBin: string): string {
  if (error instanceof ProgramNotFound) {
    return `The Dagger CLI "${daggerBin}" was not found: install it, or name it by DAGGER_BIN. It is never downloaded.`;
  }
  return `The Dagger CLI does not work: ${error instanceof Error ? error.message : 'unknown'}`;
}

function unavailable(reason: string): EngineProbe {
  return { ready: false, name: 'dagger', code: 'engine_unavailable', reason };
}
