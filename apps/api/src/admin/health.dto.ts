import { Answers, Queries } from '../http/fields.js';

export class LivenessDto {
  @Answers.words(['alive'], { name: 'LivenessStatus' })
  status!: 'alive';
}

export class ReadinessQueryDto {
  @Queries.flag({ description: 'Also demand that a build could start' })
  builds?: boolean;
}

export class ReadinessDto {
  @Answers.words(['ready', 'not_ready'], { name: 'ReadinessStatus' })
  status!: 'ready' | 'not_ready';

  @Answers.words(['ok', 'unreachable'], { name: 'DatabaseStatus' })
  database!: 'ok' | 'unreachable';

  @Answers.words(['ok', 'missing', 'unknown'], { name: 'SchemaStatus' })
  schema!: 'ok' | 'missing' | 'unknown';

  @Answers.words(['ready', 'off'], { name: 'BuildsStatus' })
  builds!: 'ready' | 'off';

  @Answers.texts({ description: 'What stands in the way, and what to do' })
  reasons!: string[];

  @Answers.texts({ description: 'Standing warnings of the engines' })
  warnings!: string[];
}
