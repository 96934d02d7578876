import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Req } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiAcceptedResponse,
} from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import { PageQueryDto } from '../http/page.dto.js';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { DemandedRevision, TakesRevision } from '../http/revision.js';
import { Viewer } from '../http/viewer.decorator.js';
import {
  CreateRepositoryDto,
  RepositoryDto,
  RepositoryPageDto,
  UpdateRepositoryDto,
} from './repositories.dto.js';
import { RepositoriesService } from './repositories.service.js';

@ApiTags('projects')
@Controller('repositories')
export class RepositoriesController {
  constructor(private readonly repositories: RepositoriesService) {}

  @Get()
  @ApiOperation({ operationId: 'listRepositories', summary: 'Repositories you may see, newest first' })
  @ApiOkResponse({ type: RepositoryPageDto, description: 'A page of repositories' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: PageQueryDto,
    @Req() request: ApiRequest,
  ): Promise<RepositoryPageDto> {
    return answerPage(request, await this.repositories.list(viewer, query));
  }

  @Post()
  @ApiOperation({
    operationId: 'createRepository',
    summary: 'Connect a git repository; its first refresh starts',
  })
  @ApiCreatedResponse({ type: RepositoryDto, description: 'The repository, being refreshed' })
  async create(@Viewer() viewer: UserPrincipal, @Body() body: CreateRepositoryDto): Promise<RepositoryDto> {
    return await this.repositories.create(viewer, body);
  }

  @Get(':id')
  @ById()
  @ApiOperation({ operationId: 'getRepository', summary: 'One repository' })
  @ApiOkResponse({ type: RepositoryDto, description: 'The repository' })
  async get(@Viewer() viewer: UserPrincipal, @Id() id: number): Promise<RepositoryDto> {
    return await this.repositories.get(viewer, id);
  }

  @Patch(':id')
  @ById()
  @TakesRevision()
  @ApiOperation({ operationId: 'updateRepository', summary: 'Change a repository; owners only' })
  @ApiOkResponse({ type: RepositoryDto, description: 'The repository as it is now' })
  async update(
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @Body() body: UpdateRepositoryDto,
    @DemandedRevision() revision: number | null,
  ): Promise<RepositoryDto> {
    return await this.repositories.update(viewer, id, body, revision);
  }

  @Delete(':id')
  @ById()
  @HttpCode(204)
  @TakesRevision()
  @ApiOperation({
    operationId: 'deleteRepository',
    summary: 'Remove a repository with its builds; owners only',
  })
  @ApiNoContentResponse({ description: 'It is gone' })
  async delete(
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @DemandedRevision() revision: number | null,
  ): Promise<void> {
    await this.repositories.delete(viewer, id, revision);
  }

  @Post(':id/refresh')
  @ById()
  @HttpCode(202)
  @ApiOperation({ operationId: 'refreshRepository', summary: 'Look at the remote now' })
  @ApiAcceptedResponse({ type: RepositoryDto, description: 'The repository; `refresh_status` is `running`' })
  async refresh(@Viewer() viewer: UserPrincipal, @Id() id: number): Promise<RepositoryDto> {
    return this.repositories.refresh(viewer, id);
  }
}
