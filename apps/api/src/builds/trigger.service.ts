import { Injectable } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { BuildsStore, CommitsStore, type Idempotency, type RepositoryRow } from '@nohands/database';
import {
  imageReference,
  includesRole,
  parseRefText,
  Problem,
  registryOf,
  type UserPrincipal,
} from '@nohands/domain';
import { Tickets } from '@nohands/queue';
import { createHash } from 'node:crypto';
import { invalidField } from '../http/api-problems.errors.js';
import { largestId } from '../http/fields.js';
import { RepositoriesService } from '../projects/repositories.service.js';
import { toBuildDto } from './build-answers.js';
import type { BuildDto, TriggerBuildDto } from './builds.dto.js';
import { RefLookupService } from './ref-lookup.service.js';

type Target = { readonly commitId: number; readonly sha: string; readonly branchName: string | null };

/** Turns "build this" into a pending build: the ref becomes a full SHA once, here, and never again. */
@Injectable()
export class TriggerService {
  constructor(
    private readonly builds: BuildsStore,
    private readonly commits: CommitsStore,
    private readonly repositories: RepositoriesService,
    private readonly lookup: RefLookupService,
    private readonly tickets: Tickets,
    private readonly configuration: Configuration,
  ) {}

  /** Problems: those of `BuildsStore.trigger` and `RefLookupService.resolve`, and 422 for what is not set up. */
  async trigger(viewer: UserPrincipal, body: TriggerBuildDto, key: string | null): Promise<BuildDto> {
    const idempotency = readIdempotency(body, key);
    this.#requireOffered(body);
    const repository = await this.#requireBuildable(viewer, body.repository_id);
    const target = await this.#findTarget(viewer, repository, body);
    const id = await this.builds.trigger(
      viewer,
      {
        repositoryId: repository.id,
        commitId: target.commitId,
        ref: body.ref ?? null,
        branchName: target.branchName,
        pushToRegistry: body.push_to_registry ?? false,
        timeoutSeconds: this.configuration.buildTimeoutSeconds,
        imageTag: this.#imageTag(repository, target.sha),
      },
      idempotency,
    );
    await this.tickets.add('run-build');
    const build = await this.builds.find(viewer, id);
    if (!build) throw new Problem('not_found', 'The repository was removed at this very moment.');
    return toBuildDto(build);
  }

  /** What is not set up is refused here, never a silent success later. */
  #requireOffered({ push_to_registry, deploy_after_build }: TriggerBuildDto): void {
    if (deploy_after_build === true) {
      const detail = 'NoHands cannot deploy yet: leave `deploy_after_build` false.';
      throw new Problem('deploy_not_configured', detail, [{ pointer: '/deploy_after_build', detail }]);
    }
    if (push_to_registry === true && this.configuration.dockerRegistry === null) {
      const detail = 'No registry is configured: set DOCKER_REGISTRY and restart, or build without pushing.';
      throw new Problem('registry_not_configured', detail, [{ pointer: '/push_to_registry', detail }]);
    }
  }

  async #requireBuildable(viewer: UserPrincipal, id: number): Promise<RepositoryRow> {
    const repository = await this.repositories.require(viewer, id);
    if (!includesRole(repository.role, 'developer')) {
      throw new Problem('forbidden', 'Only a developer of the repository may build it.');
    }
    if (!repository.isActive) {
      throw new Problem('repository_inactive', 'The repository is paused; activate it to build.');
    }
    return repository;
  }

  async #findTarget(
    viewer: UserPrincipal,
    repository: RepositoryRow,
    body: TriggerBuildDto,
  ): Promise<Target> {
    const { commit_id: commitId, ref } = body;
    const hasCommit = typeof commitId === 'number';
    if (hasCommit === (typeof ref === 'string')) {
      throw invalidField(hasCommit ? '/ref' : '/commit_id', 'send exactly one of `commit_id` and `ref`');
    }
    return hasCommit
      ? this.#knownCommit(viewer, repository, commitId)
      : this.#resolve(viewer, repository, { ref: ref ?? '', allowStale: body.allow_stale ?? false });
  }

  async #knownCommit(viewer: UserPrincipal, repository: RepositoryRow, id: number): Promise<Target> {
    const commit = id > largestId ? null : await this.commits.find(viewer, id);
    if (!commit) throw new Problem('not_found', `There is no commit ${id}.`);
    if (commit.repositoryId !== repository.id) {
      throw invalidField('/commit_id', `Commit ${id} is not a commit of repository ${repository.id}.`);
    }
    return { commitId: commit.id, sha: commit.sha, branchName: commit.branchName };
  }

  async #resolve(
    viewer: UserPrincipal,
    { id }: RepositoryRow,
    { ref, allowStale }: { ref: string; allowStale: boolean },
  ): Promise<Target> {
    const parsed = parseRefText(ref);
    if (!parsed.ok) throw invalidField('/ref', parsed.reason);
    // A full SHA means the same for ever: what is known of it needs no look at the remote.
    const known = parsed.ref.kind === 'sha' ? await this.commits.findBySha(viewer, id, parsed.ref.sha) : null;
    if (known) return { commitId: known.id, sha: known.sha, branchName: known.branchName };
    return this.lookup.resolve(viewer, { repositoryId: id, ref, allowStale });
  }

  #imageTag({ imageName }: RepositoryRow, sha: string): string {
    const { dockerRegistry } = this.configuration;
    return dockerRegistry === null
      ? `${imageName}:${sha}`
      : imageReference(registryOf(dockerRegistry), imageName, sha);
  }
}

function readIdempotency(body: TriggerBuildDto, key: string | null): Idempotency | null {
  if (key === null) return null;
  const fields = [
    body.repository_id,
    body.commit_id ?? null,
    body.ref ?? null,
    body.push_to_registry ?? false,
    body.allow_stale ?? false,
  ];
  return { key, requestSha256: createHash('sha256').update(JSON.stringify(fields)).digest('hex') };
}
