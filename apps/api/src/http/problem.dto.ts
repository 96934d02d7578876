import { problemCodes, type ProblemCode } from '@nohands/domain';
import { Answers } from './fields.js';

export class FieldErrorDto {
  @Answers.text({ description: 'JSON pointer into the body, `query:name` or `header:name`' })
  pointer!: string;

  @Answers.text()
  detail!: string;
}

/** Every error of the API (RFC 9457). */
export class ProblemDto {
  @Answers.text({ description: 'Always about:blank; branch on `code`' })
  type!: string;

  @Answers.text()
  title!: string;

  @Answers.whole()
  status!: number;

  @Answers.text({ description: 'What happened, why, and what to do next' })
  detail!: string;

  @Answers.words(problemCodes, { name: 'ProblemCode' })
  code!: ProblemCode;

  @Answers.list(FieldErrorDto)
  errors!: FieldErrorDto[];

  @Answers.text({ description: 'Also in the X-Request-Id header and in the log of the server' })
  request_id!: string;
}
