import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { LogEndDto, LogLineDto, LogOmittedDto } from '../builds/build-logs.dto.js';
import { BuildDto, BuildStateDto } from '../builds/builds.dto.js';
import { QueueDto } from '../admin/queue.dto.js';
import { Answers } from '../http/fields.js';
import { RepositoryDto } from '../projects/repositories.dto.js';

/** What a client of `/api/live` sends: one JSON object per frame. */
export class LiveSubscriptionDto {
  @Answers.text({
    description:
      '`builds`, `builds/{id}`, `builds/{id}/logs`, `repositories`, `repositories/{id}` or `queue` (administrators)',
  })
  topic!: string;

  @ApiProperty({ type: 'integer', required: false, description: 'Logs only: the last line already known' })
  after?: number;
}

export class LiveRequestDto {
  @Answers.words(['subscribe', 'unsubscribe'], { name: 'LiveRequestEvent' })
  event!: 'subscribe' | 'unsubscribe';

  @Answers.object(LiveSubscriptionDto)
  data!: LiveSubscriptionDto;
}

/** What `/api/live` sends: `data` by `event`. */
export class LiveTopicDto {
  @Answers.text()
  topic!: string;
}

@ApiExtraModels(LogLineDto, LogOmittedDto, LogEndDto)
export class LiveLogDto extends LiveTopicDto {
  @ApiProperty({
    type: 'array',
    description: 'In order; a LogEndDto is the last record of a log',
    items: {
      anyOf: [
        { $ref: getSchemaPath(LogLineDto) },
        { $ref: getSchemaPath(LogOmittedDto) },
        { $ref: getSchemaPath(LogEndDto) },
      ],
    },
  })
  records!: (LogLineDto | LogOmittedDto | LogEndDto)[];
}

export class LiveBuildDto extends LiveTopicDto {
  @Answers.object(BuildDto)
  build!: BuildDto;
}

export class LiveBuildStateDto extends LiveTopicDto {
  @Answers.object(BuildStateDto)
  build!: BuildStateDto;
}

export class LiveRepositoryDto extends LiveTopicDto {
  @Answers.object(RepositoryDto)
  repository!: RepositoryDto;
}

/** A repository that is gone. */
export class LiveRemovedDto extends LiveTopicDto {
  @Answers.whole()
  removed!: number;
}

export class LiveQueueDto extends LiveTopicDto {
  @Answers.object(QueueDto)
  queue!: QueueDto;
}

export class LiveErrorDto extends LiveTopicDto {
  @Answers.text({ description: 'A ProblemCode' })
  code!: string;

  @Answers.text()
  detail!: string;
}

/** Models of the WebSocket, which OpenAPI has no paths for; the client gets them as types. */
export const liveModels = [
  LiveRequestDto,
  LiveLogDto,
  LiveBuildDto,
  LiveBuildStateDto,
  LiveRepositoryDto,
  LiveRemovedDto,
  LiveQueueDto,
  LiveErrorDto,
];
