import { Injectable, Logger } from '@nestjs/common';
import { Configuration } from '@nohands/config';
import { ApiTokensStore, SettingsStore, SetupLinksStore, UsersStore } from '@nohands/database';
import { Problem, system } from '@nohands/domain';
import { hashPassword } from './passwords.js';
import { hashSecret, makeSecret, shownTokenLength } from './secrets.js';

const actor = system('start');
const linkSeconds = 24 * 3600;

/** Makes sure at start that somebody can administer: by the environment, else by a one-time link. */
@Injectable()
export class FirstAdminService {
  readonly #logger = new Logger(FirstAdminService.name);

  constructor(
    private readonly users: UsersStore,
    private readonly tokens: ApiTokensStore,
    private readonly links: SetupLinksStore,
    private readonly settings: SettingsStore,
    private readonly configuration: Configuration,
  ) {}

  /** Also gives settings their first values. */
  async prepare(): Promise<void> {
    const { maxConcurrentBuilds, adminEmail } = this.configuration;
    await this.settings.insertIfAbsent(actor, 'max_concurrent_builds', maxConcurrentBuilds);
    await this.settings.insertIfAbsent(actor, 'queue_paused', false);
    if (adminEmail !== null) await this.#ensureFromEnvironment(adminEmail);
  }

  async isNeeded(): Promise<boolean> {
    return !(await this.users.hasAdmin(actor));
  }

  /** The path of a fresh set-up link, valid for a day; null when there is an administrator. */
  async makeSetupPath(): Promise<string | null> {
    if (await this.users.hasAdmin(actor)) return null;
    const token = makeSecret();
    try {
      await this.links.create(actor, hashSecret(token), linkSeconds);
    } catch (error) {
      // Expected: another process made the administrator at this very moment.
      if (error instanceof Problem && error.code === 'setup_done') return null;
      throw error;
    }
    // After the #: what stands there is never sent to a server, so no proxy logs it.
    return `/setup#token=${token}`;
  }

  async #ensureFromEnvironment(email: string): Promise<void> {
    const { adminPassword, adminToken } = this.configuration;
    const passwordHash = adminPassword === null ? null : await hashPassword(adminPassword);
    const { user, isNew } = await this.users.ensureAdmin(actor, {
      email,
      name: 'Administrator',
      passwordHash,
    });
    if (isNew) this.#logger.log(`Made the administrator ${user.email} of ADMIN_EMAIL.`);
    if (adminToken === null) return;
    await this.tokens.ensure(actor, user.id, {
      name: 'ADMIN_TOKEN',
      tokenHash: hashSecret(adminToken),
      // Not the beginning of a token that a person chose: it may say too much of it.
      prefix: 'environment'.slice(0, 2 * shownTokenLength),
    });
  }
}
