/** The longest `image_name`: an OCI name may have 255 characters, and the registry's host needs some of them. */
export const longestImageName = 128;

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const grammar = new RegExp(`^${component}(?:/${component})*$`);

/** Why a text is not an image name (OCI distribution grammar, without host and tag), or null when it is one. */
export function checkImageName(name: string): string | null {
  if (name === '') return 'An image name is needed, for example team/app.';
  if (name.length > longestImageName) return `An image name has at most ${longestImageName} characters.`;
  if (grammar.test(name)) return null;
  return 'An image name has lower-case letters, digits and, between them, . _ - or /; for example team/app.';
}

/** The image name nearest to a repository's name; always valid, `repository` when nothing of the name fits. */
export function proposeImageName(repositoryName: string): string {
  const plain = repositoryName
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase();
  const parts = plain
    .split('/')
    .map(toComponent)
    .filter((part) => part !== '');
  const name = parts
    .join('/')
    .slice(0, longestImageName)
    .replace(/[^a-z0-9]+$/, '');
  return name === '' ? 'repository' : name;
}

/** The n-th proposal when the first is taken: `app`, `app-2`, `app-3`; always valid. */
export function numberImageName(name: string, number: number): string {
  if (number <= 1) return name;
  const ending = `-${number}`;
  return name.slice(0, longestImageName - ending.length).replace(/[^a-z0-9]+$/, '') + ending;
}

function toComponent(text: string): string {
  return text
    .replace(/\.git$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/[._-]*[.-][._-]*|_{3,}/g, (run) => (/^(?:\.|_{1,2}|-+)$/.test(run) ? run : '-'))
    .replace(/^[._-]+|[._-]+$/g, '');
}
