import { Injectable } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { SessionsStore, UsersStore, type UserRow } from '@nohands/database';
import { Problem, system, type UserPrincipal } from '@nohands/domain';
import type { CompleteSetupDto, LoginDto, MeDto } from './accounts.dto.js';
import { requireEmail } from './email.js';
import { LoginThrottle } from './login-throttle.js';
import { hashPassword, verifyPassword } from './passwords.js';
import { hashSecret, makeSecret } from './secrets.js';

export type Caller = { readonly address: string; readonly userAgent: string | null };
export type SignedIn = { readonly me: MeDto; readonly session: { readonly token: string } };

const actor = system('api');

/** Sign-in, sign-out and the first administrator. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly users: UsersStore,
    private readonly sessions: SessionsStore,
    private readonly throttle: LoginThrottle,
    private readonly configuration: Configuration,
  ) {}

  /** Problems: `wrong_credentials` (whatever is wrong), `too_many_requests`. */
  async login({ email, password }: LoginDto, caller: Caller): Promise<SignedIn> {
    this.throttle.begin(email, caller.address);
    const user = await this.users.findByEmail(actor, email);
    const isRight = await verifyPassword(password, user?.passwordHash ?? null);
    if (!user || !isRight || user.disabledAt !== null) {
      throw new Problem('wrong_credentials', 'This email and password do not belong together.');
    }
    this.throttle.succeed(email, caller.address);
    return this.#signIn(user, caller);
  }

  async logout(sessionHash: Buffer): Promise<void> {
    await this.sessions.revoke(actor, sessionHash);
  }

  async me(viewer: UserPrincipal): Promise<MeDto> {
    const user = await this.users.find(viewer, viewer.userId);
    if (!user) throw new Problem('unauthenticated', 'Your account is gone.');
    return this.#describe(user);
  }

  async isSetupNeeded(): Promise<boolean> {
    return !(await this.users.hasAdmin(actor));
  }

  /** Problems: `setup_done`, `link_expired`, `conflict`, `too_many_requests`. */
  async completeSetup({ token, email, name, password }: CompleteSetupDto, caller: Caller): Promise<SignedIn> {
    requireEmail(email);
    if (!(await this.isSetupNeeded()))
      throw new Problem('setup_done', 'There is an administrator: sign in instead.');
    this.throttle.begin('set-up link', caller.address);
    const passwordHash = await hashPassword(password);
    const user = await this.users.createFirstAdmin(actor, { email, name, passwordHash }, hashSecret(token));
    this.throttle.succeed('set-up link', caller.address);
    return this.#signIn(user, caller);
  }

  async #signIn(user: UserRow, { userAgent }: Caller): Promise<SignedIn> {
    const token = makeSecret();
    await this.sessions.create(actor, { userId: user.id, tokenHash: hashSecret(token), userAgent });
    return { me: this.#describe(user), session: { token } };
  }

  #describe({ id, email, name, isAdmin }: UserRow): MeDto {
    return {
      id,
      email,
      name,
      is_admin: isAdmin,
      registry: this.configuration.dockerRegistry,
      local_repositories_allowed: this.configuration.gitAllowLocal,
    };
  }
}
