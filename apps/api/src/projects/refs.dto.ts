import { Answers, Queries } from '../http/fields.js';
import { PageDto, PageQueryDto } from '../http/page.dto.js';

export class RefsQueryDto extends PageQueryDto {
  @Queries.whole({ description: 'Id of a repository' })
  repository?: number;
}

export class BranchDto {
  @Answers.whole()
  id!: number;

  @Answers.whole()
  repository_id!: number;

  @Answers.text()
  repository_name!: string;

  @Answers.text()
  name!: string;

  @Answers.text()
  commit_sha!: string;

  @Answers.time({ description: 'When its newest commit was made' })
  last_updated!: string;
}

export class TagDto {
  @Answers.whole()
  id!: number;

  @Answers.whole()
  repository_id!: number;

  @Answers.text()
  repository_name!: string;

  @Answers.text()
  name!: string;

  @Answers.text()
  commit_sha!: string;

  @Answers.time()
  last_updated!: string;
}

export class BranchPageDto extends PageDto {
  @Answers.list(BranchDto)
  results!: BranchDto[];
}

export class TagPageDto extends PageDto {
  @Answers.list(TagDto)
  results!: TagDto[];
}
