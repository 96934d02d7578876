import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { ApiReply } from '../http/request.js';
import { Public } from '../http/viewer.decorator.js';
import { LivenessDto, ReadinessDto, ReadinessQueryDto } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('health')
@Public()
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('livez')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Whether the process answers' })
  @ApiOkResponse({ type: LivenessDto, description: 'It does' })
  live(): LivenessDto {
    return { status: 'alive' };
  }

  @Get('readyz')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Whether database and schema are ready, and builds on',
  })
  @ApiOkResponse({ type: ReadinessDto, description: 'Ready' })
  @ApiResponse({ status: 503, type: ReadinessDto, description: 'Not ready; the reasons say why' })
  async ready(
    @Query() query: ReadinessQueryDto,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<ReadinessDto> {
    const readiness = await this.health.readiness({ needsBuilds: query.builds ?? false });
    if (readiness.status !== 'ready') reply.status(503);
    return readiness;
  }
}
