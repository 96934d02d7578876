import { Body, Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { UserPrincipal } from '@nohands/domain';
import type { ApiReply, ApiRequest } from '../http/request.js';
import { Public, Viewer } from '../http/viewer.decorator.js';
import { CompleteSetupDto, LoginDto, MeDto, SetupStateDto } from './accounts.dto.js';
import { AccountsService } from './accounts.service.js';
import { SessionCookie } from './session-cookie.js';

@ApiTags('accounts')
@Controller()
export class AccountsController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly cookie: SessionCookie,
  ) {}

  @Public()
  @Post('auth/login')
  @HttpCode(200)
  @ApiOperation({ operationId: 'login', summary: 'Sign in; the answer sets the session cookie' })
  @ApiOkResponse({ type: MeDto, description: 'Who is signed in now' })
  async login(
    @Body() body: LoginDto,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<MeDto> {
    const { me, session } = await this.accounts.login(body, {
      address: request.ip,
      userAgent: request.headers['user-agent'] ?? null,
    });
    this.cookie.set(reply, session);
    return me;
  }

  @Public()
  @Post('auth/logout')
  @HttpCode(204)
  @ApiOperation({ operationId: 'logout', summary: 'Sign out: the session ends on the server too' })
  @ApiNoContentResponse({ description: 'Signed out' })
  async logout(@Req() request: ApiRequest, @Res({ passthrough: true }) reply: ApiReply): Promise<void> {
    if (request.sessionHash) await this.accounts.logout(request.sessionHash);
    this.cookie.clear(reply);
  }

  @Get('auth/me')
  @ApiOperation({ operationId: 'getMe', summary: 'Who is signed in, and what is set up' })
  @ApiOkResponse({ type: MeDto, description: 'You' })
  async me(@Viewer() viewer: UserPrincipal): Promise<MeDto> {
    return this.accounts.me(viewer);
  }

  @Public()
  @Get('setup')
  @ApiOperation({
    operationId: 'getSetupState',
    summary: 'Whether the first administrator is still to be made',
  })
  @ApiOkResponse({ type: SetupStateDto, description: 'The state' })
  async setupState(): Promise<SetupStateDto> {
    return { needed: await this.accounts.isSetupNeeded() };
  }

  @Public()
  @Post('setup')
  @ApiOperation({
    operationId: 'completeSetup',
    summary: 'Make the first administrator with the set-up link',
  })
  @ApiCreatedResponse({ type: MeDto, description: 'The administrator, signed in' })
  async setup(
    @Body() body: CompleteSetupDto,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<MeDto> {
    const { me, session } = await this.accounts.completeSetup(body, {
      address: request.ip,
      userAgent: request.headers['user-agent'] ?? null,
    });
    this.cookie.set(reply, session);
    return me;
  }
}
