import { Injectable } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import {
  RepositoriesStore,
  sealCredentials,
  SecretCipher,
  type CredentialsSeal,
  type Page,
  type RepositoryRow,
} from '@nohands/database';
import { Problem, type UserPrincipal } from '@nohands/domain';
import { Tickets } from '@nohands/queue';
import type { PageQueryDto } from '../http/page.dto.js';
import { mapPage, requirePossibleId, toPageRequest } from '../http/pages.js';
import type { CreateRepositoryDto, RepositoryDto, UpdateRepositoryDto } from './repositories.dto.js';
import { toRepositoryDto } from './repository-answers.js';
import { judgeFields, judgeUrl, type JudgedUrl } from './repository-fields.js';

/** The repositories that people connect; their git work is asked for, never done here. */
@Injectable()
export class RepositoriesService {
  constructor(
    private readonly repositories: RepositoriesStore,
    private readonly tickets: Tickets,
    private readonly configuration: Configuration,
    private readonly cipher: SecretCipher,
  ) {}

  async list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<RepositoryDto>> {
    return mapPage(await this.repositories.page(viewer, toPageRequest(query)), toRepositoryDto);
  }

  async get(viewer: UserPrincipal, id: number): Promise<RepositoryDto> {
    return toRepositoryDto(await this.require(viewer, id));
  }

  /** Problems: `invalid_fields` (also for an address that git must not get), `conflict`. */
  async create(viewer: UserPrincipal, body: CreateRepositoryDto): Promise<RepositoryDto> {
    judgeFields(body);
    const row = await this.repositories.create(viewer, {
      name: body.name,
      ...this.#urlFields(judgeUrl(body.url, this.#rules)),
      ...optionalFields(body),
    });
    await this.tickets.add('run-chore');
    return toRepositoryDto(row);
  }

  async update(
    viewer: UserPrincipal,
    id: number,
    body: UpdateRepositoryDto,
    revision: number | null,
  ): Promise<RepositoryDto> {
    judgeFields(body);
    const row = await this.repositories.update(
      viewer,
      id,
      {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.url === undefined ? {} : await this.#judgeNewUrl(viewer, id, body.url)),
        ...optionalFields(body),
      },
      revision,
    );
    if (row.refreshStatus === 'running') await this.tickets.add('run-chore');
    return toRepositoryDto(row);
  }

  async delete(viewer: UserPrincipal, id: number, revision: number | null): Promise<void> {
    if (revision !== null && (await this.require(viewer, id)).revision !== revision) {
      throw new Problem('revision_mismatch', 'The repository changed since you read it. Read it again.');
    }
    await this.repositories.delete(viewer, id);
  }

  async refresh(viewer: UserPrincipal, id: number): Promise<RepositoryDto> {
    const row = await this.repositories.requestRefresh(viewer, id);
    await this.tickets.add('run-chore');
    return toRepositoryDto(row);
  }

  /** Problem `not_found` for a repository that does not exist or may not be seen. */
  async require(viewer: UserPrincipal, id: number): Promise<RepositoryRow> {
    requirePossibleId(id, 'repository');
    const row = await this.repositories.find(viewer, id);
    if (!row) throw new Problem('not_found', 'There is no such repository.');
    return row;
  }

  get #rules() {
    const { gitAllowLocal, gitAllowPrivateAddresses } = this.configuration;
    return { allowLocal: gitAllowLocal, allowPrivateAddresses: gitAllowPrivateAddresses };
  }

  /** The address it has may be sent back as it is: the sample's is a path that nobody could enter. */
  async #judgeNewUrl(viewer: UserPrincipal, id: number, url: string): Promise<UrlFields> {
    return url === (await this.require(viewer, id)).url
      ? { url }
      : this.#urlFields(judgeUrl(url, this.#rules));
  }

  #urlFields({ url, credentials }: JudgedUrl): UrlFields {
    return credentials === null
      ? { url }
      : { url, credentials: sealCredentials(this.cipher, url, credentials) };
  }
}

type UrlFields = { readonly url: string; readonly credentials?: CredentialsSeal };

function optionalFields(body: UpdateRepositoryDto) {
  const { description, default_branch, dockerfile_path, image_name, is_active } = body;
  return {
    ...(description === undefined ? {} : { description }),
    ...(default_branch === undefined ? {} : { defaultBranch: default_branch }),
    ...(dockerfile_path === undefined ? {} : { dockerfilePath: dockerfile_path }),
    ...(image_name === undefined ? {} : { imageName: image_name }),
    ...(is_active === undefined ? {} : { isActive: is_active }),
  };
}
