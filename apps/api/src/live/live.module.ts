import { Module } from '@nestjs/common';
import { AdminModule } from '../admin/admin.module.js';
import { BuildsModule } from '../builds/builds.module.js';
import { LiveStatesFeed } from './live-states.feed.js';
import { LiveGateway } from './live.gateway.js';
import { NoticesModule } from './notices.module.js';

@Module({
  imports: [NoticesModule, BuildsModule, AdminModule],
  providers: [LiveStatesFeed, LiveGateway],
  exports: [LiveGateway],
})
export class LiveModule {}
