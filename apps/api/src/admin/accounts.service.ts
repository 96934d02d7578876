import type { UserPrincipal } from '@nohands/domain';
import type { CompleteSetupDto, LoginDto, MeDto } from './accounts.dto.js';

export type Caller = { readonly address: string; readonly userAgent: string | null };
export type SignedIn = { readonly me: MeDto; readonly session: { token: string; expiresAt: Date } };

export abstract class AccountsService {
  abstract login(body: LoginDto, caller: Caller): Promise<SignedIn>;
  abstract logout(sessionHash: Buffer): Promise<void>;
  abstract me(viewer: UserPrincipal): Promise<MeDto>;
  abstract isSetupNeeded(): Promise<boolean>;
  abstract completeSetup(body: CompleteSetupDto, caller: Caller): Promise<SignedIn>;
}
