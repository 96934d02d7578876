import { Injectable } from '@nestjs/common';
import { UsersStore, type Page, type UserRow } from '@nohands/database';
import type { UserPrincipal } from '@nohands/domain';
import type { PageQueryDto } from '../http/page.dto.js';
import { mapPage, toPageRequest } from '../http/pages.js';
import { requireEmail } from './email.js';
import { hashPassword } from './passwords.js';
import type { CreateUserDto, UpdateUserDto, UserDto } from './users.dto.js';

@Injectable()
export class UsersService {
  constructor(private readonly users: UsersStore) {}

  async list(viewer: UserPrincipal, query: PageQueryDto): Promise<Page<UserDto>> {
    return mapPage(await this.users.page(viewer, toPageRequest(query)), toUserDto);
  }

  async create(viewer: UserPrincipal, { email, name, password, is_admin }: CreateUserDto): Promise<UserDto> {
    requireEmail(email);
    const passwordHash = await hashPassword(password);
    return toUserDto(
      await this.users.create(viewer, { email, name, passwordHash, isAdmin: is_admin ?? false }),
    );
  }

  async update(viewer: UserPrincipal, id: number, change: UpdateUserDto): Promise<UserDto> {
    const { name, password, is_admin, is_disabled } = change;
    return toUserDto(
      await this.users.update(viewer, id, {
        ...(name === undefined ? {} : { name }),
        ...(password === undefined ? {} : { passwordHash: await hashPassword(password) }),
        ...(is_admin === undefined ? {} : { isAdmin: is_admin }),
        ...(is_disabled === undefined ? {} : { isDisabled: is_disabled }),
      }),
    );
  }
}

function toUserDto({ id, email, name, isAdmin, createdAt, disabledAt }: UserRow): UserDto {
  return {
    id,
    email,
    name,
    is_admin: isAdmin,
    created_at: createdAt.toISOString(),
    disabled_at: disabledAt?.toISOString() ?? null,
  };
}
