import { Injectable, computed, inject, signal } from '@angular/core';
import { Api, type MeDto, completeSetup, getMe, login, logout } from '@nohands/api-client';

/** Who is signed in, as the server says it. The session itself is a cookie that no script can read. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly api = inject(Api);
  private readonly current = signal<MeDto | null>(null);
  readonly me = this.current.asReadonly();
  readonly isAdmin = computed(() => this.current()?.is_admin ?? false);

  async load(): Promise<MeDto> {
    const me = await this.api.invoke(getMe);
    this.current.set(me);
    return me;
  }

  async signIn(email: string, password: string): Promise<void> {
    await this.api.invoke(login, { body: { email, password } });
    await this.load();
  }

  async setUp(body: { token: string; email: string; name: string; password: string }): Promise<void> {
    await this.api.invoke(completeSetup, { body });
    await this.load();
  }

  async signOut(): Promise<void> {
    await this.api.invoke(logout);
    this.current.set(null);
  }

  /** The server no longer knows the session. */
  forget(): void {
    this.current.set(null);
  }
}
