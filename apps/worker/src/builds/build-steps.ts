import { rm } from 'node:fs/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import { BuildClaimsStore, type ClaimedBuild } from '@nohands/database';
import { BuildError, registryOf, system, type BuildErrorCode } from '@nohands/domain';
import { BuildEngine, type BuiltImage } from '@nohands/engine';
import { GitError } from '@nohands/git';
import { pushLayout } from '@nohands/registry';
import { BlobStorage, keepLayout, restoreLayout } from '@nohands/storage';
import { BuildStop } from '../leases/lease-keeper.js';
import { untilAnswered } from '../leases/database-patience.js';
import { RepositoryMirrors } from '../projects/repository-mirrors.js';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';
import type { BuildRun } from './build.runner.js';

/** For everything a push does; a large image on a slow line takes its time. */
const pushDeadlineMilliseconds = 30 * 60_000;

/** The steps of a build, in their order: check out, build, keep, push. Each rejects with `BuildError` or the stop. */
@Injectable()
export class BuildSteps {
  constructor(
    private readonly engine: BuildEngine,
    private readonly mirrors: RepositoryMirrors,
    private readonly storage: BlobStorage,
    private readonly claims: BuildClaimsStore,
    @Inject(WORKER_CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  /** Writes the commit's tree into a fresh folder. */
  async checkOut(build: ClaimedBuild, { session, hold, folder }: BuildRun): Promise<void> {
    await session.step('Check out', hold.signal, async (step) => {
      await session.log.system(`Checking out ${build.commitSha}`, step);
      try {
        const mirror = await this.mirrors.openFor(build);
        await mirror.checkOut({ sha: build.commitSha, directory: folder.context, signal: hold.signal });
      } catch (error) {
        throw error instanceof GitError ? asBuildError(error) : error;
      }
    });
  }

  /** Builds the image; its steps are the instructions of the Dockerfile. */
  async build(build: ClaimedBuild, { session, hold, folder }: BuildRun): Promise<BuiltImage> {
    hold.signal.throwIfAborted();
    return this.engine.build(
      {
        buildId: build.id,
        attempt: build.attempt,
        repositoryId: build.repositoryId,
        contextDirectory: folder.context,
        dockerfilePath: build.dockerfilePath,
        target: null,
        buildArguments: {},
        labels: {
          'org.opencontainers.image.revision': build.commitSha,
          'org.opencontainers.image.created': build.committedAt.toISOString(),
        },
        createdAt: Math.floor(build.committedAt.getTime() / 1_000),
        layoutDirectory: folder.layout,
        workDirectory: folder.work,
        pullCredentials: this.#pullCredentials(),
      },
      session.engineSink(),
      hold.signal,
    );
  }

  /** Puts the image into the storage and into the ledger: from here on it is never built again for this build. */
  async keep(build: ClaimedBuild, { session, hold, folder }: BuildRun, image: BuiltImage): Promise<string> {
    return session.step('Keep the image', hold.signal, async (step) => {
      const kept = await keepLayout(this.storage, folder.layout);
      if (kept.digest !== image.digest) {
        throw new BuildError(
          'engine_failed',
          `The engine reported ${image.digest} but its layout holds ${kept.digest}.`,
        );
      }
      const isOurs = await untilAnswered(hold.signal, () =>
        this.claims.keepImage(system('worker'), build, kept),
      );
      if (!isOurs) throw new BuildStop('lost');
      await session.log.system(`Image ${kept.digest}, ${kept.size} bytes`, step);
      // A push may take long, and its layout needs room; without one the whole folder goes in a moment.
      if (build.pushToRegistry) await rm(folder.context, { recursive: true, force: true });
      return kept.digest;
    });
  }

  /** Pushes the kept layout unchanged and answers the digest reference. Starts only under a lease that surely holds. */
  async push(build: ClaimedBuild, { session, hold, folder }: BuildRun, digest: string): Promise<string> {
    return session.step('Push', hold.signal, async (step) => {
      const access = this.#registryAccess(hold.signal, folder.work);
      await session.log.system(`Pushing ${build.imageTag}`, step);
      await rm(folder.layout, { recursive: true, force: true });
      await restoreLayout(this.storage, digest, folder.layout);
      await hold.untilSure();
      const { imageName, commitSha } = build;
      const pushed = await pushLayout({
        ...access,
        layoutDirectory: folder.layout,
        imageName,
        tags: [commitSha],
      });
      for (const { reference, digest: seen } of pushed.tags) {
        if (seen === digest) continue;
        await session.log.system(
          `${reference} now names ${seen ?? 'nothing'}: somebody else moved it meanwhile.`,
          step,
        );
      }
      await session.log.system(`Pushed ${pushed.reference}`, step);
      return pushed.reference;
    });
  }

  #registryAccess(signal: AbortSignal, workDirectory: string) {
    const { dockerRegistry, insecureRegistries } = this.configuration;
    if (dockerRegistry === null) {
      throw new BuildError(
        'push_unavailable',
        'This worker knows no registry. Set DOCKER_REGISTRY for it as for the API.',
      );
    }
    return {
      registry: registryOf(dockerRegistry),
      credentials: this.#credentials(),
      insecureRegistries,
      workDirectory,
      deadlineMs: pushDeadlineMilliseconds,
      signal,
    };
  }

  #credentials() {
    const { dockerRegistryUsername: username, dockerRegistryPassword: password } = this.configuration;
    return username === null || password === null ? null : { username, password };
  }

  /** The registry's own credentials also open private base images that lie in it. */
  #pullCredentials() {
    const credentials = this.#credentials();
    const { dockerRegistry } = this.configuration;
    return credentials === null || dockerRegistry === null
      ? []
      : [{ registry: registryOf(dockerRegistry).host, ...credentials }];
  }
}

const gitCodes: Partial<Record<GitError['code'], BuildErrorCode>> = {
  remote_unreachable: 'remote_unreachable',
  repository_denied: 'repository_denied',
  repository_not_found: 'repository_not_found',
  blocked_address: 'blocked_address',
  commit_not_found: 'commit_not_found',
  no_space: 'no_space',
};

function asBuildError(error: GitError): BuildError {
  return new BuildError(gitCodes[error.code] ?? 'internal', error.message, null, { cause: error });
}
