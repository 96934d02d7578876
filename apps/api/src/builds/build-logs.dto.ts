import { buildStatuses, logStreams } from '@nohands/domain';
import type { BuildStatus, LogStream } from '@nohands/domain';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Answers, Queries } from '../http/fields.js';

export class BuildLogsQueryDto {
  @Queries.whole({ min: 0, max: 2_147_483_647, description: 'The last line already known; 0 for all' })
  after?: number;

  @Queries.flag({ description: 'Stay and send lines as they come, until the build has ended' })
  follow?: boolean;
}

/** One line of a log, as NDJSON and the live topic carry it. */
export class LogLineDto {
  @Answers.whole({ description: 'From 1 over all attempts, without gaps' })
  line!: number;

  @Answers.time()
  time!: string;

  @Answers.whole()
  attempt!: number;

  @Answers.whole({ nullable: true })
  step!: number | null;

  @Answers.words(logStreams, { name: 'LogStream' })
  stream!: LogStream;

  @Answers.text({ description: 'Without its line end; may hold ANSI sequences' })
  text!: string;

  @ApiPropertyOptional({ type: 'boolean', enum: [true], description: 'The line goes on in the next record' })
  partial?: true;
}

export class OmittedLinesDto {
  @Answers.whole()
  from!: number;

  @Answers.whole()
  to!: number;

  @Answers.whole()
  bytes!: number;
}

/** Stands for lines that were not kept because of the size cap. */
export class LogOmittedDto {
  @Answers.object(OmittedLinesDto)
  omitted!: OmittedLinesDto;
}

/** The last record; without it the reader was cut and resumes. */
export class LogEndDto {
  @Answers.flag()
  end!: true;

  @Answers.words(buildStatuses, { name: 'BuildStatus' })
  status!: BuildStatus;

  @Answers.whole({ nullable: true })
  log_lines!: number | null;

  @Answers.text({ nullable: true })
  log_sha256!: string | null;
}
