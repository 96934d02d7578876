import { DockerfileParser } from 'dockerfile-ast';

/** The registries (`host[:port]`) that a Dockerfile names in FROM and `COPY --from`, each once. */
export function registriesOf(content: string): string[] {
  return [...new Set(imagesOf(content).map(registryOfImage))].filter((host) => host !== null);
}

/**
 * The images that a Dockerfile names in FROM and `COPY --from`, each once, names of stages among them; variables are
 * replaced by what the ARGs before the first FROM say, names that stay unknown are left out.
 */
export function imagesOf(content: string): string[] {
  const dockerfile = DockerfileParser.parse(content);
  const values = new Map(
    dockerfile
      .getInitialARGs()
      .map((arg) => arg.getProperty())
      .map((property) => [property?.getName() ?? '', property?.getValue() ?? ''] as const),
  );
  const images = [
    ...dockerfile.getFROMs().map((from) => from.getImage()),
    ...dockerfile.getCOPYs().map((copy) => copy.getFromFlag()?.getValue() ?? null),
  ];
  const named = images.map((image) => replaceVariables(image ?? '', values));
  return [...new Set(named.filter((image) => image !== '' && !image.includes('$')))];
}

/** The registry of an image, as Docker tells one from an account: by a dot, a port, or localhost; null for Docker Hub. */
export function registryOfImage(image: string): string | null {
  const host = image.includes('/') ? (image.split('/')[0] ?? '') : '';
  return host === 'localhost' || /[.:]/.test(host) ? host : null;
}

function replaceVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (whole, braced?: string, bare?: string) => values.get(braced ?? bare ?? '') ?? whole,
  );
}
