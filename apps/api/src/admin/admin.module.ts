import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { FirstAdminService } from './first-admin.service.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { IdentityService } from './identity.service.js';
import { LoginThrottle } from './login-throttle.js';
import { QueueController } from './queue.controller.js';
import { QueueService } from './queue.service.js';
import { SessionCookie } from './session-cookie.js';
import { AdminTokensController, TokensController } from './tokens.controller.js';
import { TokensService } from './tokens.service.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [
    AccountsController,
    TokensController,
    AdminTokensController,
    UsersController,
    QueueController,
    HealthController,
  ],
  providers: [
    AccountsService,
    FirstAdminService,
    HealthService,
    IdentityService,
    LoginThrottle,
    QueueService,
    SessionCookie,
    TokensService,
    UsersService,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
  exports: [FirstAdminService, IdentityService, QueueService],
})
export class AdminModule {}
