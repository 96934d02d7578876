import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
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
    AccountsService as never,
    SessionCookie as never,
    TokensService as never,
    UsersService as never,
    QueueService as never,
    HealthService as never,
  ],
})
export class AdminModule {}
