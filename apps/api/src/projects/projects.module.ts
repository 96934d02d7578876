import { Module } from '@nestjs/common';
import { CommitsController } from './commits.controller.js';
import { CommitsService } from './commits.service.js';
import { RefsController } from './refs.controller.js';
import { RefsService } from './refs.service.js';
import { RepositoriesController } from './repositories.controller.js';
import { RepositoriesService } from './repositories.service.js';

@Module({
  controllers: [RepositoriesController, RefsController, CommitsController],
  providers: [RepositoriesService as never, RefsService as never, CommitsService as never],
  exports: [RepositoriesService as never],
})
export class ProjectsModule {}
