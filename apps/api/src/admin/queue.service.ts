import type { UserPrincipal } from '@nohands/domain';
import type { QueueDto, SettingsDto, UpdateSettingsDto } from './queue.dto.js';

export abstract class QueueService {
  abstract read(viewer: UserPrincipal): Promise<QueueDto>;
  abstract settings(viewer: UserPrincipal): Promise<SettingsDto>;
  abstract updateSettings(viewer: UserPrincipal, body: UpdateSettingsDto): Promise<SettingsDto>;
}
