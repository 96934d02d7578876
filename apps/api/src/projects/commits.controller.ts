import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { Viewer } from '../http/viewer.decorator.js';
import { CommitPageDto, CommitsQueryDto } from './commits.dto.js';
import { CommitsService } from './commits.service.js';

@ApiTags('projects')
@Controller('commits')
export class CommitsController {
  constructor(private readonly commits: CommitsService) {}

  @Get()
  @ApiOperation({
    operationId: 'listCommits',
    summary: 'Commits of a branch or of a repository, newest first',
  })
  @ApiOkResponse({ type: CommitPageDto, description: 'A page of commits' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: CommitsQueryDto,
    @Req() request: ApiRequest,
  ): Promise<CommitPageDto> {
    return answerPage(request, await this.commits.list(viewer, query));
  }
}
