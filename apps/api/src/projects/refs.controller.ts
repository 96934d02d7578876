import { Controller, Get, Query, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { Viewer } from '../http/viewer.decorator.js';
import { BranchPageDto, RefsQueryDto, TagPageDto } from './refs.dto.js';
import { RefsService } from './refs.service.js';

@ApiTags('projects')
@Controller()
export class RefsController {
  constructor(private readonly refs: RefsService) {}

  @Get('branches')
  @ApiOperation({ operationId: 'listBranches', summary: 'Branches, of one repository or of all you may see' })
  @ApiOkResponse({ type: BranchPageDto, description: 'A page of branches' })
  async branches(
    @Viewer() viewer: UserPrincipal,
    @Query() query: RefsQueryDto,
    @Req() request: ApiRequest,
  ): Promise<BranchPageDto> {
    return answerPage(request, await this.refs.list(viewer, 'branch', query));
  }

  @Get('tags')
  @ApiOperation({ operationId: 'listTags', summary: 'Tags, of one repository or of all you may see' })
  @ApiOkResponse({ type: TagPageDto, description: 'A page of tags' })
  async tags(
    @Viewer() viewer: UserPrincipal,
    @Query() query: RefsQueryDto,
    @Req() request: ApiRequest,
  ): Promise<TagPageDto> {
    return answerPage(request, await this.refs.list(viewer, 'tag', query));
  }
}
