import { Body, Controller, Get, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import { ById, Id } from '../http/by-id.decorator.js';
import { PageQueryDto } from '../http/page.dto.js';
import { answerPage } from '../http/page-links.js';
import type { ApiRequest } from '../http/request.js';
import { AdminOnly, Viewer } from '../http/viewer.decorator.js';
import { CreateUserDto, UpdateUserDto, UserDto, UserPageDto } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('admin')
@AdminOnly()
@Controller('admin/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @ApiOperation({ operationId: 'listUsers', summary: 'All users' })
  @ApiOkResponse({ type: UserPageDto, description: 'A page of users' })
  async list(
    @Viewer() viewer: UserPrincipal,
    @Query() query: PageQueryDto,
    @Req() request: ApiRequest,
  ): Promise<UserPageDto> {
    return answerPage(request, await this.users.list(viewer, query));
  }

  @Post()
  @ApiOperation({ operationId: 'createUser', summary: 'Make a user' })
  @ApiCreatedResponse({ type: UserDto, description: 'The user' })
  async create(@Viewer() viewer: UserPrincipal, @Body() body: CreateUserDto): Promise<UserDto> {
    return this.users.create(viewer, body);
  }

  @Patch(':id')
  @ById()
  @ApiOperation({ operationId: 'updateUser', summary: 'Rename, promote, disable, or set a new password' })
  @ApiOkResponse({ type: UserDto, description: 'The user as it is now' })
  async update(
    @Viewer() viewer: UserPrincipal,
    @Id() id: number,
    @Body() body: UpdateUserDto,
  ): Promise<UserDto> {
    return this.users.update(viewer, id, body);
  }
}
