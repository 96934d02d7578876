import type { BuildDto } from '@nohands/api-client';

/** What people call the place a build's commit was taken from: its branch, a tag, or what was typed. */
export function refName({ branch_name, ref }: Pick<BuildDto, 'branch_name' | 'ref'>): string {
  const name = branch_name ?? ref?.replace(/^refs\/(heads|tags)\//, '') ?? '–';
  return /^[0-9a-f]{12,40}$/.test(name) ? name.slice(0, 8) : name;
}
