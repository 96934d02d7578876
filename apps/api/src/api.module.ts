import { Module } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { BuildsModule } from './builds/builds.module.js';
import { LiveModule } from './live/live.module.js';
import { ProjectsModule } from './projects/projects.module.js';

/** The rooms of the API, without what they stand on. */
@Module({ imports: [ProjectsModule, BuildsModule, AdminModule, LiveModule] })
export class ApiModule {}
