import {
  acceptsSecret,
  checkImageName,
  isRefName,
  minimumSecretLength,
  parseGitUrl,
  secretsOfCredentials,
  type FieldError,
  type GitCredentials,
  type GitUrlRules,
} from '@nohands/domain';
import { invalidFields } from '../http/api-problems.errors.js';
import type { UpdateRepositoryDto } from './repositories.dto.js';

/** An address as everybody may see it, and the credentials that stood in it. */
export type JudgedUrl = { readonly url: string; readonly credentials: GitCredentials | null };

/** Problem `invalid_fields` for everything git must never be started with, or could not be used with. */
export function judgeUrl(text: string, rules: GitUrlRules): JudgedUrl {
  const judged = parseGitUrl(text, rules);
  if (!judged.ok) throw invalidFields([{ pointer: '/url', detail: judged.reason }]);
  const { scheme, credentials, text: url } = judged.url;
  if (scheme === 'ssh') {
    const detail =
      'NoHands has no ssh keys yet, so no ssh server would let it in. Give the https address, for a private repository with a token: https://user:token@host/path.';
    throw invalidFields([{ pointer: '/url', detail }]);
  }
  if (credentials !== null && !secretsOfCredentials(credentials).every(acceptsSecret)) {
    const detail = `The password or token in it cannot be kept out of build logs: it has fewer than ${minimumSecretLength} characters, or far too many.`;
    throw invalidFields([{ pointer: '/url', detail }]);
  }
  return { url, credentials };
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
