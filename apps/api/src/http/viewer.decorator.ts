import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { Problem, type UserPrincipal } from '@nohands/domain';
import type { ApiRequest } from './request.js';

export const publicRoute = 'nohands:public';
export const adminRoute = 'nohands:admin';

/** Marks a route that anybody may call; every other route needs a signed-in user. */
export const Public = () => SetMetadata(publicRoute, true);

/** Marks a route (or a controller) for administrators only. */
export const AdminOnly = () => SetMetadata(adminRoute, true);

/** The signed-in user of this request. */
export const Viewer = createParamDecorator((_: unknown, context: ExecutionContext): UserPrincipal => {
  const { principal } = context.switchToHttp().getRequest<ApiRequest>();
  if (!principal) throw new Problem('unauthenticated', 'Sign in, or send `Authorization: Bearer <token>`.');
  return principal;
});
