/**
 * How `npm start` and its children (API, worker) talk, over the IPC channel of `fork`.
 *
 * - The child sends `{ ready: true }` when it does its work; the API adds `port`, the one really listened on.
 * - The API sends `{ setupUrl }` whenever there is a one-time link to print.
 * - The child stops in good order on the message `'stop'`: no new work, what runs is handed back or finished, exit 0.
 * - The child exits on `'disconnect'`: whoever started it is gone (kill -9), and nobody would stop it later.
 * - Exit code 78 (EX_CONFIG) before the first `ready` means that a restart would change nothing.
 */
export type MessageToChild = 'stop';
export type MessageFromChild = { readonly ready?: true; readonly port?: number; readonly setupUrl?: string };

export const configurationExitCode = 78;

/** Reads what a child sent; anything that is not of the protocol is null. */
export function readMessage(message: unknown): MessageFromChild | null {
  if (typeof message !== 'object' || message === null) return null;
  const { ready, port, setupUrl } = message as Record<string, unknown>;
  return {
    ...(ready === true ? { ready } : {}),
    ...(typeof port === 'number' ? { port } : {}),
    ...(typeof setupUrl === 'string' ? { setupUrl } : {}),
  };
}
