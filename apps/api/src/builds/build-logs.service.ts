import type { UserPrincipal } from '@nohands/domain';

export abstract class BuildLogsService {
  abstract open(
    viewer: UserPrincipal,
    id: number,
    options: { after?: number; follow?: boolean; format: 'text' | 'ndjson'; signal: AbortSignal },
  ): Promise<AsyncIterable<string>>;
}
