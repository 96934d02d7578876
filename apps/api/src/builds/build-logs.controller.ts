import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Problem } from '@nohands/domain';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ById, Id } from '../http/by-id.decorator.js';
import type { ApiReply, ApiRequest } from '../http/request.js';
import { BuildLogsQueryDto, LogEndDto, LogLineDto, LogOmittedDto } from './build-logs.dto.js';
import { BuildLogsService } from './build-logs.service.js';

const ndjson = 'application/x-ndjson';

@ApiTags('builds')
@Controller('builds')
@ApiExtraModels(LogLineDto, LogOmittedDto, LogEndDto)
export class BuildLogsController {
  constructor(private readonly logs: BuildLogsService) {}

  @Get(':id/logs')
  @ById()
  @ApiOperation({
    operationId: 'getBuildLogs',
    summary: 'The log, whole or from a line on, at once or followed',
  })
  @ApiResponse({
    status: 200,
    description:
      'The lines alone, or by Accept one JSON record per line: LogLineDto, LogOmittedDto and, when the build has ended, LogEndDto as the last',
    content: {
      'text/plain': { schema: { type: 'string' } },
      [ndjson]: { schema: { type: 'string' } },
    },
  })
  async read(
    @Id() id: number,
    @Query() { after, follow }: BuildLogsQueryDto,
    @Req() request: ApiRequest,
    @Res() reply: ApiReply,
  ): Promise<void> {
    if (!request.principal) throw new Problem('unauthenticated', 'Sign in, or send a token.');
    const format = (request.headers.accept ?? '').includes(ndjson) ? 'ndjson' : 'text';
    // A follow waits for lines that may never come: only this signal wakes it when its reader goes away.
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const log = await this.logs.open(request.principal, id, {
      after: after ?? 0,
      follow: follow ?? false,
      format,
      signal: gone.signal,
    });
    reply.header('content-type', format === 'ndjson' ? ndjson : 'text/plain; charset=utf-8');
    reply.header('x-accel-buffering', 'no');
    await send(
      reply,
      request.method === 'HEAD' ? Readable.from([]) : Readable.from(log, { objectMode: false }),
    );
  }
}

/** By hand and not by the framework: headers must go out before the first line of a waiting build exists. */
async function send(reply: ApiReply, bytes: Readable): Promise<void> {
  reply.hijack();
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  reply.raw.flushHeaders();
  try {
    await pipeline(bytes, reply.raw);
  } catch {
    // The reader went away, or the store failed: in both cases the missing end says so.
    reply.raw.destroy();
  }
}
