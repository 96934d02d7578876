import { repositoryRoles, type RepositoryRole } from '@nohands/domain';
import { Answers, Takes } from '../http/fields.js';
import { PageDto } from '../http/page.dto.js';

export const refreshStatuses = ['idle', 'running', 'failed'] as const;
export type RefreshStatus = (typeof refreshStatuses)[number];

export class RepositoryDto {
  @Answers.whole()
  id!: number;

  @Answers.text()
  name!: string;

  @Answers.text({ description: 'Address of the git repository, without any password' })
  url!: string;

  @Answers.text()
  description!: string;

  @Answers.text({ nullable: true, description: 'Null until the first refresh found it' })
  default_branch!: string | null;

  @Answers.text()
  dockerfile_path!: string;

  @Answers.text({ description: 'Name of its images below the registry' })
  image_name!: string;

  @Answers.flag({ description: 'False: no polling and no new builds' })
  is_active!: boolean;

  @Answers.words(refreshStatuses, { name: 'RefreshStatus' })
  refresh_status!: RefreshStatus;

  @Answers.time({ nullable: true })
  refreshed_at!: string | null;

  @Answers.text({ nullable: true, description: 'Why the last refresh failed, and what to do' })
  refresh_error!: string | null;

  @Answers.time()
  created_at!: string;

  @Answers.words(repositoryRoles, { name: 'RepositoryRole', description: 'What you may do with it' })
  role!: RepositoryRole;

  @Answers.whole({ description: 'Rises with every change; also the ETag' })
  revision!: number;
}

export class RepositoryPageDto extends PageDto {
  @Answers.list(RepositoryDto)
  results!: RepositoryDto[];
}

export class CreateRepositoryDto {
  @Takes.text({ max: 100 })
  name!: string;

  @Takes.text({
    min: 0,
    max: 10_000,
    description:
      'http(s)://. A user name and password or token in it are kept apart, encrypted, and never shown again',
  })
  url!: string;

  @Takes.text({ optional: true, min: 0, max: 2000, multiline: true })
  description?: string;

  @Takes.text({ optional: true, nullable: true, description: 'The one the remote names, without it' })
  default_branch?: string | null;

  @Takes.text({ optional: true, max: 1024, description: '`Dockerfile` without it' })
  dockerfile_path?: string;

  @Takes.text({ optional: true, description: 'Made from the name, without it' })
  image_name?: string;

  @Takes.flag({ optional: true })
  is_active?: boolean;
}

export class UpdateRepositoryDto {
  @Takes.text({ optional: true, max: 100 })
  name?: string;

  @Takes.text({
    optional: true,
    min: 0,
    max: 10_000,
    description: 'At another host the user name and password kept so far are forgotten',
  })
  url?: string;

  @Takes.text({ optional: true, min: 0, max: 2000, multiline: true })
  description?: string;

  @Takes.text({ optional: true, nullable: true })
  default_branch?: string | null;

  @Takes.text({ optional: true, max: 1024 })
  dockerfile_path?: string;

  @Takes.text({ optional: true })
  image_name?: string;

  @Takes.flag({ optional: true })
  is_active?: boolean;
}
