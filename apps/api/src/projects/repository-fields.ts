import { checkImageName, isRefName, parseGitUrl, type FieldError, type GitUrlRules } from '@nohands/domain';
import { invalidFields } from '../http/api-problems.errors.js';
import type { UpdateRepositoryDto } from './repositories.dto.js';

/** The address as it is stored. Problem `invalid_fields` for everything git must never be started with. */
export function judgeUrl(url: string, rules: GitUrlRules): string {
  const judged = parseGitUrl(url, rules);
  if (!judged.ok) throw invalidFields([{ pointer: '/url', detail: judged.reason }]);
  if (judged.url.credentials !== null) {
    const detail =
      'It holds a user name or password, which would be shown to everybody who sees the repository.';
    throw invalidFields([{ pointer: '/url', detail }]);
  }
  return judged.url.text;
}

/** Problem `invalid_fields` with all that is wrong beside the address. */
export function judgeFields({
  name,
  default_branch,
  dockerfile_path,
  image_name,
}: UpdateRepositoryDto): void {
  const errors: FieldError[] = [];
  if (name !== undefined && name.trim() !== name) {
    errors.push({ pointer: '/name', detail: 'must not begin or end with a space' });
  }
  if (typeof default_branch === 'string' && !isRefName(default_branch)) {
    errors.push({ pointer: '/default_branch', detail: 'is not a name that git allows' });
  }
  const path = dockerfile_path === undefined ? null : judgePath(dockerfile_path);
  if (path !== null) errors.push({ pointer: '/dockerfile_path', detail: path });
  const image = image_name === undefined ? null : checkImageName(image_name);
  if (image !== null) errors.push({ pointer: '/image_name', detail: image });
  if (errors.length > 0) throw invalidFields(errors);
}

function judgePath(path: string): string | null {
  if (path.startsWith('/')) return 'must be relative to the root of the repository';
  if (path.split('/').includes('..')) return 'must not leave the repository by ".."';
  return path.endsWith('/') ? 'must name a file' : null;
}
