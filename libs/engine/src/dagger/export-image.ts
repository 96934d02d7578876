import type { Client } from '@dagger.io/dagger';
import { BuildError } from '@nohands/domain';
import type { BuildRequest, PullCredential } from '../build-engine.js';
import type { DaggerSession } from './session/dagger-session.js';
import { connectClient } from './session/engine-client.js';

/**
 * Has the engine build the request and write the image as an archive (OCI layout in a tar) to `archive`. Rejects with
 * the SDK's errors, of which only `.message` may be shown, and when the session ends in between.
 */
export async function exportImage(
  session: DaggerSession,
  request: BuildRequest,
  { archive, signal }: { readonly archive: string; readonly signal: AbortSignal },
): Promise<void> {
  // Requests end at the abort, and when the CLI is gone: a dead session never answers.
  const ended = new AbortController();
  void session.exited.then(() => ended.abort());
  const client = await connectClient(session, AbortSignal.any([signal, ended.signal]));
  await addPullCredentials(client, request.pullCredentials);
  const buildArgs = Object.entries(request.buildArguments).map(([name, value]) => ({ name, value }));
  const context = client.host().directory(request.contextDirectory, { exclude: ['.git'] });
  const built = context.dockerBuild({
    dockerfile: request.dockerfilePath,
    ...(request.target === null ? {} : { target: request.target }),
    ...(buildArgs.length === 0 ? {} : { buildArgs }),
  });
  const labelled = Object.entries(request.labels).reduce(
    (container, [name, value]) => container.withLabel(name, value),
    built,
  );
  await labelled.export(archive);
}

/** Credentials count for the whole session, which is this build's alone. They must be known before FROM is looked up. */
async function addPullCredentials(client: Client, credentials: readonly PullCredential[]): Promise<void> {
  for (const [index, { registry, username, password }] of credentials.entries()) {
    try {
      const secret = client.setSecret(`pull-password-${index}`, password);
      await client.container().withRegistryAuth(registry, username, secret).id();
    } catch (error) {
      // The query of this very call holds the password: nothing of the error is passed on but that it happened.
      if (!(error instanceof Error)) throw error;
      throw new BuildError(
        'engine_failed',
        `The Dagger engine did not take the credentials for ${registry}.`,
      );
    }
  }
}
