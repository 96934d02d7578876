import { BuildDto } from '../builds/builds.dto.js';
import { Answers, Takes } from '../http/fields.js';

export class SettingsDto {
  @Answers.whole({ description: 'Builds at the same time over all workers' })
  max_concurrent_builds!: number;

  @Answers.flag({ description: 'True: running builds go on, no new one starts' })
  queue_paused!: boolean;
}

export class UpdateSettingsDto {
  @Takes.whole({ optional: true, max: 1000 })
  max_concurrent_builds?: number;

  @Takes.flag({ optional: true })
  queue_paused?: boolean;
}

export class WorkerDto {
  @Answers.text()
  id!: string;

  @Answers.text()
  host!: string;

  @Answers.whole()
  pid!: number;

  @Answers.text()
  version!: string;

  @Answers.whole()
  slots!: number;

  @Answers.wholes({ description: 'Ids of the builds it runs now' })
  build_ids!: number[];

  @Answers.text({ nullable: true })
  engine_name!: string | null;

  @Answers.text({ nullable: true })
  engine_version!: string | null;

  @Answers.flag()
  engine_ready!: boolean;

  @Answers.text({ nullable: true, description: 'Why the engine is not ready, and what to do' })
  engine_reason!: string | null;

  @Answers.texts()
  engine_warnings!: string[];

  @Answers.flag({ description: 'False: no heartbeat within the lease' })
  is_alive!: boolean;

  @Answers.time()
  started_at!: string;

  @Answers.time()
  heartbeat_at!: string;
}

export class QueueDto extends SettingsDto {
  @Answers.list(BuildDto)
  running!: BuildDto[];

  @Answers.list(BuildDto, { description: 'In the order in which they will start; the first 100' })
  waiting!: BuildDto[];

  @Answers.whole()
  waiting_count!: number;

  @Answers.list(WorkerDto)
  workers!: WorkerDto[];
}
