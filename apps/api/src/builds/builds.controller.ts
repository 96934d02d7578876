import { Body, Controller, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import { IdempotencyKey, TakesIdempotencyKey } from '../http/idempotency-key.js';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { DemandedRevision, TakesRevision } from '../http/revision.js';
import { Viewer } from '../http/viewer.decorator.js';
import { BuildDetailDto, BuildDto, BuildPageDto, BuildsQueryDto, TriggerBuildDto } from './builds.dto.js';
import { BuildsService } from './builds.service.js';
import { TriggerService } from './trigger.service.js';

@ApiTags('builds')
@Controller('builds')
export class BuildsController {
  constructor(
    private readonly builds: BuildsService,
    private readonly triggers: TriggerService,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listBuilds', summary: 'Builds you may see, newest first' })
  @ApiOkResponse({ type: BuildPageDto, description: 'A page of builds, without logs' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: BuildsQueryDto,
    @Req() request: ApiRequest,
  ): Promise<BuildPageDto> {
    return answerPage(request, await this.builds.list(viewer, query));
  }

  @Post('trigger')
  @ApiOperation({ operationId: 'triggerBuild', summary: 'Build a commit; developers only' })
  @TakesIdempotencyKey()
  @ApiCreatedResponse({ type: BuildDto, description: 'The build, waiting for its turn' })
  async trigger(
    @Viewer() viewer: UserPrincipal,
    @Body() body: TriggerBuildDto,
    @IdempotencyKey() key: string | null,
  ): Promise<BuildDto> {
    return await this.triggers.trigger(viewer, body, key);
  }

  @Get(':id')
  @ById()
  @ApiOperation({ operationId: 'getBuild', summary: 'One build with steps, history and the end of its log' })
  @ApiOkResponse({ type: BuildDetailDto, description: 'The build' })
  async get(@Viewer() viewer: UserPrincipal, @Id() id: number): Promise<BuildDetailDto> {
    return await this.builds.detail(viewer, id);
  }

  @Post(':id/cancel')
  @ById()
  @HttpCode(202)
  @TakesRevision()
  @ApiOperation({ operationId: 'cancelBuild', summary: 'Stop a build; developers only' })
  @ApiAcceptedResponse({ type: BuildDto, description: 'The build; it ends as soon as nothing of it runs' })
  async cancel(
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @DemandedRevision() revision: number | null,
  ): Promise<BuildDto> {
    return this.builds.cancel(viewer, id, revision);
  }
}
