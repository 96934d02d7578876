import { DockerfileParser } from 'dockerfile-ast';

/** The registries (`host[:port]`) that a Dockerfile names in FROM and `COPY --from`, each once; names with variables are left out. */
export function registriesOf(content: string): string[] {
  const dockerfile = DockerfileParser.parse(content);
  const images = [
    ...dockerfile.getFROMs().map((from) => from.getImage()),
    ...dockerfile.getCOPYs().map((copy) => copy.getFromFlag()?.getValue() ?? null),
  ];
  const hosts = images.map((image) => (image?.includes('/') ? (image.split('/')[0] ?? '') : ''));
  // As Docker tells a registry from an account: a dot, a port, or localhost.
  return [
    ...new Set(hosts.filter((host) => host === 'localhost' || (/[.:]/.test(host) && !host.includes('$')))),
  ];
}
