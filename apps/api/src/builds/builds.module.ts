import { Module } from '@nestjs/common';
import { BuildImagesController } from './build-images.controller.js';
import { BuildImagesService } from './build-images.service.js';
import { BuildLogsController } from './build-logs.controller.js';
import { BuildLogsService } from './build-logs.service.js';
import { BuildsController } from './builds.controller.js';
import { BuildsService } from './builds.service.js';
import { TriggerService } from './trigger.service.js';

@Module({
  controllers: [BuildsController, BuildLogsController, BuildImagesController],
  providers: [
    BuildsService as never,
    TriggerService as never,
    BuildLogsService as never,
    BuildImagesService as never,
  ],
})
export class BuildsModule {}
