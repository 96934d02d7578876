import type { UserPrincipal } from '@nohands/domain';
import type { Page } from '@nohands/database';
import type { PageQueryDto } from '../http/page.dto.js';
import type { CreateUserDto, UpdateUserDto, UserDto } from './users.dto.js';

export abstract class UsersService {
  abstract list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<UserDto>>;
  abstract create(viewer: UserPrincipal, body: CreateUserDto): Promise<UserDto>;
  abstract update(viewer: UserPrincipal, id: number, body: UpdateUserDto): Promise<UserDto>;
}
