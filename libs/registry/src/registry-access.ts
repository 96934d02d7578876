import type { Registry } from '@nohands/domain';

export type RegistryCredentials = { readonly username: string; readonly password: string };

/** How to reach a registry, and how long to try. */
export type RegistryAccess = {
  readonly registry: Registry;
  /** Null for a registry that asks for none. They never leave a 0600 file in `workDirectory`. */
  readonly credentials: RegistryCredentials | null;
  /** `INSECURE_REGISTRIES`: `host[:port]` of those spoken to by plain HTTP. */
  readonly insecureRegistries: readonly string[];
  /** Absolute, this push's own; temporary files lie there and are removed. */
  readonly workDirectory: string;
  /** Milliseconds for everything the call does. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** More variables for the program that talks to the registry, such as HTTPS_PROXY. */
  readonly environment?: Readonly<Record<string, string>>;
};
