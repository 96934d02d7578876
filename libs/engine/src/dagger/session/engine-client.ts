import type { Client } from '@dagger.io/dagger';
import type { DaggerSession } from './dagger-session.js';
import { postWithoutTimeout } from './post-without-timeout.js';

type Sdk = typeof import('@dagger.io/dagger');
let sdk: Promise<Sdk> | undefined;

/** The SDK costs a second and 110 MB: it is loaded by the first build, not by everything that imports this library. */
function loadSdk(): Promise<Sdk> {
  sdk ??= import('@dagger.io/dagger');
  return sdk;
}

/**
 * A client of this session alone, whose requests end at the abort. The SDK has no such thing itself: its `connect()`
 * starts a CLI of its own, and takes no signal.
 */
export async function connectClient(session: DaggerSession, signal: AbortSignal): Promise<Client> {
  const { Client, Context, GraphQLClient } = await loadSdk();
  const graphql = new GraphQLClient(`http://127.0.0.1:${session.port}/query`, {
    fetch: (input, init) => postWithoutTimeout(String(input), init, signal),
    headers: { authorization: `Basic ${Buffer.from(`${session.token}:`).toString('base64')}` },
  });
  // Only the one method is used, and the class of the SDK has a private field: it cannot be written as a literal.
  const connection = { getGQLClient: () => graphql } as unknown as ConstructorParameters<typeof Context>[1];
  return new Client(new Context([], connection));
}
