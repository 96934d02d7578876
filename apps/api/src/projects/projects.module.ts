import { Module } from '@nestjs/common';
import { SampleRepositoryStore } from '@nohands/database';
import { CommitsController } from './commits.controller.js';
import { CommitsService } from './commits.service.js';
import { RefsController } from './refs.controller.js';
import { RefsService } from './refs.service.js';
import { RepositoriesController } from './repositories.controller.js';
import { RepositoriesService } from './repositories.service.js';
import { SampleService } from './sample.service.js';

@Module({
  controllers: [RepositoriesController, RefsController, CommitsController],
  providers: [RepositoriesService, RefsService, CommitsService, SampleService, SampleRepositoryStore],
  exports: [RepositoriesService, CommitsService, SampleService],
})
export class ProjectsModule {}
