import { Module } from '@nestjs/common';
import { NoticesModule } from '../live/notices.module.js';
import { ProjectsModule } from '../projects/projects.module.js';
import { BuildImagesController } from './build-images.controller.js';
import { BuildImagesService } from './build-images.service.js';
import { BuildLogsController } from './build-logs.controller.js';
import { BuildLogsService } from './build-logs.service.js';
import { BuildsController } from './builds.controller.js';
import { BuildsFeed } from './builds.feed.js';
import { BuildsService } from './builds.service.js';
import { RefLookupService } from './ref-lookup.service.js';
import { TriggerService } from './trigger.service.js';

@Module({
  imports: [ProjectsModule, NoticesModule],
  controllers: [BuildsController, BuildLogsController, BuildImagesController],
  providers: [
    BuildsService,
    BuildLogsService,
    BuildImagesService,
    BuildsFeed,
    RefLookupService,
    TriggerService,
  ],
  exports: [BuildsService, BuildLogsService],
})
export class BuildsModule {}
