import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import type { ApiReply, ApiRequest } from '../http/request.js';
import { Viewer } from '../http/viewer.decorator.js';
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
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @Query() query: BuildLogsQueryDto,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<AsyncIterable<string>> {
    const isNdjson = (request.headers.accept ?? '').includes(ndjson);
    reply.header('content-type', isNdjson ? ndjson : 'text/plain; charset=utf-8');
    return this.logs.open(viewer, id, {
      ...query,
      format: isNdjson ? 'ndjson' : 'text',
      signal: request.signal,
    });
  }
}
