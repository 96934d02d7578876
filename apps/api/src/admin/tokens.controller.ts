import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import { PageQueryDto } from '../http/page.dto.js';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { AdminOnly, Viewer } from '../http/viewer.decorator.js';
import { CreatedTokenDto, CreateTokenDto, TokenPageDto, UserTokenPageDto } from './tokens.dto.js';
import { TokensService } from './tokens.service.js';

@ApiTags('accounts')
@Controller('tokens')
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  @ApiOperation({ operationId: 'listTokens', summary: 'Your API tokens' })
  @ApiOkResponse({ type: TokenPageDto, description: 'A page of tokens, never their values' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: PageQueryDto,
    @Req() request: ApiRequest,
  ): Promise<TokenPageDto> {
    return answerPage(request, await this.tokens.list(viewer, query));
  }

  @Post()
  @ApiOperation({ operationId: 'createToken', summary: 'Make an API token for yourself' })
  @ApiCreatedResponse({ type: CreatedTokenDto, description: 'The token; its value is shown this once' })
  async create(@Viewer() viewer: UserPrincipal, @Body() body: CreateTokenDto): Promise<CreatedTokenDto> {
    return this.tokens.create(viewer, body);
  }

  @Delete(':id')
  @ById()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteToken', summary: 'Revoke one of your API tokens' })
  @ApiNoContentResponse({ description: 'It does not work any more' })
  async delete(@Viewer() viewer: UserPrincipal, @Id() id: number): Promise<void> {
    await this.tokens.delete(viewer, id);
  }
}

@ApiTags('admin')
@AdminOnly()
@Controller('admin/tokens')
export class AdminTokensController {
  constructor(private readonly tokens: TokensService) {}

  @Get()
  @ApiOperation({ operationId: 'listAllTokens', summary: "Everybody's API tokens" })
  @ApiOkResponse({ type: UserTokenPageDto, description: 'A page of tokens, never their values' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: PageQueryDto,
    @Req() request: ApiRequest,
  ): Promise<UserTokenPageDto> {
    return answerPage(request, await this.tokens.listAll(viewer, query));
  }

  @Delete(':id')
  @ById()
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteAnyToken', summary: "Revoke anybody's API token" })
  @ApiNoContentResponse({ description: 'It does not work any more' })
  async delete(@Viewer() viewer: UserPrincipal, @Id() id: number): Promise<void> {
    await this.tokens.deleteAny(viewer, id);
  }
}
