import { Inject, Injectable } from '@nestjs/common';
import type { Configuration } from '@nohands/config';
import { BuildClaimsStore, type ClaimedBuild } from '@nohands/database';
import { acceptsSecret, system } from '@nohands/domain';
import { RepositoryCredentials } from '../projects/repository-credentials.js';
import { WORKER_CONFIGURATION } from '../worker-configuration.js';
import { BuildSession } from './build-session.js';
import { LogFlusher } from './log.flusher.js';
import { StepRecorder } from './step-recorder.js';

/** Of a log over its size limit this much of the end is kept, in bytes; of a small limit a quarter, so that lines still appear live. */
function tailBytesOf(maxBytes: number): number {
  return Math.min(256 * 1024, Math.floor(maxBytes / 4));
}

/** Opens the session of a claimed build: its log, already masking what must not be shown, and its steps. */
@Injectable()
export class BuildSessions {
  constructor(
    private readonly flusher: LogFlusher,
    private readonly claims: BuildClaimsStore,
    private readonly credentials: RepositoryCredentials,
    @Inject(WORKER_CONFIGURATION) private readonly configuration: Configuration,
  ) {}

  open(build: ClaimedBuild): BuildSession {
    const maxBytes = this.configuration.buildLogMaxBytes;
    const steps = new StepRecorder((changed) => this.claims.saveSteps(system('worker'), build, changed));
    return new BuildSession(steps, this.flusher.open(build), {
      secrets: this.#secrets(build),
      limits: { maxBytes, tailBytes: tailBytesOf(maxBytes) },
      bytesBefore: build.logBytes,
    });
  }

  #secrets(build: ClaimedBuild): string[] {
    const { dockerRegistryPassword, secretKey } = this.configuration;
    const ours = [dockerRegistryPassword, secretKey].filter((value) => value !== null);
    return [...ours, ...this.credentials.secretsOf(build)].filter(acceptsSecret);
  }
}
