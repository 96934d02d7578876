import { Answers, Queries } from '../http/fields.js';
import { PageDto, PageQueryDto } from '../http/page.dto.js';

export class CommitsQueryDto extends PageQueryDto {
  @Queries.whole({ description: 'Id of a repository' })
  repository?: number;

  @Queries.whole({ description: 'Id of a branch' })
  branch?: number;
}

export class CommitDto {
  @Answers.whole()
  id!: number;

  @Answers.whole()
  repository_id!: number;

  @Answers.text()
  repository_name!: string;

  @Answers.text({
    nullable: true,
    description: 'The branch asked for, else the default branch, else the newest that holds the commit',
  })
  branch_name!: string | null;

  @Answers.text()
  sha!: string;

  @Answers.text()
  message!: string;

  @Answers.text()
  author!: string;

  @Answers.text()
  author_email!: string;

  @Answers.time()
  committed_at!: string;
}

export class CommitPageDto extends PageDto {
  @Answers.list(CommitDto)
  results!: CommitDto[];
}
