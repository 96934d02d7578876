import type { RepositoryRow } from '@nohands/database';
import type { RepositoryDto } from './repositories.dto.js';

export function toRepositoryDto(row: RepositoryRow): RepositoryDto {
  return {
    id: row.id,
    name: row.name,
    url: row.url,
    description: row.description,
    default_branch: row.defaultBranch,
    dockerfile_path: row.dockerfilePath,
    image_name: row.imageName,
    is_active: row.isActive,
    refresh_status: row.refreshStatus,
    refreshed_at: row.refreshedAt?.toISOString() ?? null,
    refresh_error: row.refreshError,
    created_at: row.createdAt.toISOString(),
    role: row.role,
    revision: row.revision,
  };
}
