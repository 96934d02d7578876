import { Module } from '@nestjs/common';
import { Configuration, type ServerConfiguration } from '@nohands/config';
import { SecretCipher } from '@nohands/database';
import { CommitsController } from './commits.controller.js';
import { CommitsService } from './commits.service.js';
import { RefsController } from './refs.controller.js';
import { RefsService } from './refs.service.js';
import { RepositoriesController } from './repositories.controller.js';
import { RepositoriesService } from './repositories.service.js';
import { SampleService } from './sample.service.js';

@Module({
  controllers: [RepositoriesController, RefsController, CommitsController],
  providers: [
    RepositoriesService,
    RefsService,
    CommitsService,
    SampleService,
    {
      provide: SecretCipher,
      inject: [Configuration],
      useFactory: ({ secretKey }: ServerConfiguration) => new SecretCipher(secretKey),
    },
  ],
  exports: [RepositoriesService, CommitsService, SampleService],
})
export class ProjectsModule {}
