import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { PageQueryDto } from '../http/page.dto.js';
import type { CreatedTokenDto, CreateTokenDto, TokenDto, UserTokenDto } from './tokens.dto.js';

export abstract class TokensService {
  abstract list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<TokenDto>>;
  abstract listAll(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<UserTokenDto>>;
  abstract create(viewer: UserPrincipal, body: CreateTokenDto): Promise<CreatedTokenDto>;
  abstract delete(viewer: UserPrincipal, id: number): Promise<void>;
  abstract deleteAny(viewer: UserPrincipal, id: number): Promise<void>;
}
