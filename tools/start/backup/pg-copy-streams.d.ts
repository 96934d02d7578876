declare module 'pg-copy-streams' {
  import type { Submittable } from 'pg';
  import type { Duplex, Readable } from 'node:stream';
  export type CopyToStream = Readable & Submittable & { readonly rowCount: number };
  export type CopyFromStream = Duplex & Submittable & { readonly rowCount: number };
  export function to(statement: string): CopyToStream;
  export function from(statement: string): CopyFromStream;
}
