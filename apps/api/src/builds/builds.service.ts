import { Injectable } from '@nestjs/common';
import { BuildsStore, type BuildRow, type Page } from '@nohands/database';
import { Problem, type Principal, type UserPrincipal } from '@nohands/domain';
import { Tickets } from '@nohands/queue';
import { mapPage, requirePossibleId, toPageRequest } from '../http/pages.js';
import { CommitsService } from '../projects/commits.service.js';
import { RepositoriesService } from '../projects/repositories.service.js';
import { toBuildDto, toBuildStateDto } from './build-answers.js';
import { BuildLogsService } from './build-logs.service.js';
import type { BuildDetailDto, BuildDto, BuildsQueryDto, BuildStateDto } from './builds.dto.js';

/** Builds as people look at them and stop them. */
@Injectable()
export class BuildsService {
  constructor(
    private readonly builds: BuildsStore,
    private readonly logs: BuildLogsService,
    private readonly repositories: RepositoriesService,
    private readonly commits: CommitsService,
    private readonly tickets: Tickets,
  ) {}

  async list(viewer: UserPrincipal, query: BuildsQueryDto): Promise<Page<BuildDto>> {
    const { repository, status, branch, commit } = query;
    if (repository !== undefined) await this.repositories.require(viewer, repository);
    if (commit !== undefined) await this.commits.require(viewer, commit);
    const filter = {
      ...(repository === undefined ? {} : { repositoryId: repository }),
      ...(status === undefined ? {} : { status }),
      ...(branch === undefined ? {} : { branch }),
      ...(commit === undefined ? {} : { commitId: commit }),
    };
    return mapPage(await this.builds.page(viewer, filter, toPageRequest(query)), toBuildDto);
  }

  async detail(viewer: UserPrincipal, id: number): Promise<BuildDetailDto> {
    const state = await this.state(viewer, id);
    if (!state) throw noSuchBuild();
    const { text, isTruncated } = await this.logs.end(viewer, id);
    return { ...state, logs: text, logs_truncated: isTruncated };
  }

  /** A build with steps and history; null when it does not exist or may not be seen. */
  async state(viewer: Principal, id: number): Promise<BuildStateDto | null> {
    // The row comes last: a change meanwhile raises its revision, and the reader is told again.
    const [steps, events] = await Promise.all([
      this.builds.steps(viewer, id),
      this.builds.events(viewer, id),
    ]);
    const row = await this.builds.find(viewer, id);
    return row && toBuildStateDto(row, steps, events);
  }

  /** Problems: `not_found`, `forbidden`, `already_final`, `revision_mismatch`. */
  async cancel(viewer: UserPrincipal, id: number, revision: number | null): Promise<BuildDto> {
    if (revision !== null && (await this.#require(viewer, id)).revision !== revision) {
      throw new Problem('revision_mismatch', 'The build changed since you read it. Read it again.');
    }
    await this.builds.requestCancel(viewer, id);
    // A build that ended while waiting leaves its log to be sealed.
    await this.tickets.add('run-chore');
    return toBuildDto(await this.#require(viewer, id));
  }

  async #require(viewer: UserPrincipal, id: number): Promise<BuildRow> {
    requirePossibleId(id, 'build');
    const row = await this.builds.find(viewer, id);
    if (!row) throw noSuchBuild();
    return row;
  }
}

function noSuchBuild(): Problem {
  return new Problem('not_found', 'There is no such build.');
}
