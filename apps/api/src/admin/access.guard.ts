import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '@nohands/domain';
import type { ApiRequest } from '../http/request.js';
import { adminRoute, publicRoute } from '../http/viewer.decorator.js';
import { IdentityService } from './identity.service.js';

/** On every route: signed in unless it is marked @Public, administrator where it is marked @AdminOnly. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly identities: IdentityService,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const marks = [context.getHandler(), context.getClass()];
    const isPublic = this.reflector.getAllAndOverride<boolean | undefined>(publicRoute, marks) ?? false;
    // The health checks must answer while the database does not.
    const hasCredentials =
      request.headers.authorization !== undefined || request.headers.cookie !== undefined;
    if (isPublic && !(hasCredentials && request.url.startsWith('/api/auth/'))) return true;
    const identity = await this.identities.identify(request.headers);
    if (identity) {
      request.principal = identity.principal;
      if (identity.sessionHash) request.sessionHash = identity.sessionHash;
    }
    if (isPublic) return true;
    if (!identity) throw new Problem('unauthenticated', 'Sign in, or send `Authorization: Bearer <token>`.');
    const isAdminOnly = this.reflector.getAllAndOverride<boolean | undefined>(adminRoute, marks) ?? false;
    if (isAdminOnly && !identity.principal.isAdmin) {
      throw new Problem('forbidden', 'Only administrators may do this.');
    }
    return true;
  }
}
