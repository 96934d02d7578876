/** Who asks. Every store takes it first, so that a query without a viewer does not compile. */
export type Principal = UserPrincipal | SystemPrincipal;

export type UserPrincipal = {
  readonly kind: 'user';
  readonly userId: number;
  readonly email: string;
  readonly isAdmin: boolean;
  /** The token that was used; null for a session. */
  readonly tokenId: number | null;
};

/** The worker, a sweeper, the launcher: sees everything; `name` is written into events. */
export type SystemPrincipal = { readonly kind: 'system'; readonly name: string };

/** What a member may do with a repository; each role includes the ones before it. */
export const repositoryRoles = ['viewer', 'developer', 'owner'] as const;
export type RepositoryRole = (typeof repositoryRoles)[number];

/** True when `held` includes the rights of `needed`. */
export function includesRole(held: RepositoryRole, needed: RepositoryRole): boolean {
  return repositoryRoles.indexOf(held) >= repositoryRoles.indexOf(needed);
}

/** The principal of code that acts on its own behalf. */
export function system(name: string): SystemPrincipal {
  return { kind: 'system', name };
}

/** The principal's name for events and audit, never a secret. */
export function actorName(principal: Principal): string {
  return principal.kind === 'user' ? principal.email : `system:${principal.name}`;
}
