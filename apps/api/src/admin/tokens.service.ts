import { Injectable } from '@nestjs/common';
import { ApiTokensStore, type ApiTokenRow, type Page } from '@nohands/database';
import { Problem, type UserPrincipal } from '@nohands/domain';
import type { PageQueryDto } from '../http/page.dto.js';
import { mapPage, toPageRequest } from '../http/pages.js';
import { hashSecret, makeSecret, shownTokenLength, tokenPrefix } from './secrets.js';
import type { CreatedTokenDto, CreateTokenDto, TokenDto, UserTokenDto } from './tokens.dto.js';

const dayMilliseconds = 24 * 3600 * 1000;

@Injectable()
export class TokensService {
  constructor(private readonly tokens: ApiTokensStore) {}

  async list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<TokenDto>> {
    return mapPage(await this.tokens.page(viewer, toPageRequest(query)), toTokenDto);
  }

  async listAll(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<UserTokenDto>> {
    return mapPage(await this.tokens.pageOfAll(viewer, toPageRequest(query)), (row) => ({
      ...toTokenDto(row),
      user_id: row.userId,
      user_email: row.userEmail,
    }));
  }

  async create(viewer: UserPrincipal, { name, expires_in_days }: CreateTokenDto): Promise<CreatedTokenDto> {
    const token = makeSecret(tokenPrefix);
    const row = await this.tokens.create(viewer, {
      name,
      tokenHash: hashSecret(token),
      prefix: token.slice(0, shownTokenLength),
      expiresAt: expires_in_days ? new Date(Date.now() + expires_in_days * dayMilliseconds) : null,
    });
    return { ...toTokenDto(row), token };
  }

  /** Own tokens only, also for administrators: theirs is `deleteAny`. */
  async delete(viewer: UserPrincipal, id: number): Promise<void> {
    await this.tokens.delete({ ...viewer, isAdmin: false }, id);
  }

  async deleteAny(viewer: UserPrincipal, id: number): Promise<void> {
    if (!viewer.isAdmin) throw new Problem('forbidden', 'Only administrators may do this.');
    await this.tokens.delete(viewer, id);
  }
}

function toTokenDto({ id, name, prefix, createdAt, lastUsedAt, expiresAt }: ApiTokenRow): TokenDto {
  return {
    id,
    name,
    prefix,
    created_at: createdAt.toISOString(),
    last_used_at: lastUsedAt?.toISOString() ?? null,
    expires_at: expiresAt?.toISOString() ?? null,
  };
}
