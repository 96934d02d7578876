import type { BuildRequest } from '../build-engine.js';

/** `rootless`: runc, own pid and network namespace. `chroot`: only by hand, with a standing warning. */
export type BuildIsolation = 'rootless' | 'chroot';

const storageOptions = [
  '--root',
  '/build/storage',
  '--runroot',
  '/run/containers',
  '--storage-driver',
  'overlay',
];

export type BuildCommand = {
  readonly request: Pick<BuildRequest, 'target' | 'buildArguments' | 'labels' | 'createdAt'>;
  readonly isolation: BuildIsolation;
  /** As buildah sees it. */
  readonly dockerfile: string;
  readonly ignoreFile: string | null;
  readonly version: string;
};

/** The arguments of `buildah build`; every value of a user is one whole `--option=value`. */
export function buildArguments(command: BuildCommand): string[] {
  const { request, isolation, dockerfile, ignoreFile, version } = command;
  const runtime = isolation === 'rootless' ? ['--runtime=runc'] : [];
  return [
    ...['buildah', ...storageOptions, 'build', `--isolation=${isolation}`, ...runtime],
    ...[
      '--layers',
      '--force-rm',
      '--format=oci',
      '--authfile=/build/work/auth.json',
      '--iidfile=/build/work/iid',
    ],
    // Newer versions leave out stages that nothing needs; then their steps would not be the planned ones.
    ...(isAtLeast(version, 1, 30) ? ['--skip-unused-stages=false'] : []),
    ...(request.createdAt === undefined ? [] : [`--timestamp=${request.createdAt}`]),
    ...(request.target === null ? [] : [`--target=${request.target}`]),
    ...pairs('--build-arg', request.buildArguments),
    ...pairs('--label', request.labels),
    ...(ignoreFile === null ? [] : [`--ignorefile=${ignoreFile}`]),
    ...[`--file=${dockerfile}`, '/build/context'],
  ];
}

/** The arguments that pull a base image with the credentials of the build. */
export function pullArguments(image: string): string[] {
  const options = ['--quiet', '--policy=always', '--authfile=/build/work/auth.json'];
  return ['buildah', ...storageOptions, 'pull', ...options, '--', image];
}

/** The arguments that write the image as an OCI layout into /build/layout. */
export function exportArguments(imageId: string): string[] {
  return ['buildah', ...storageOptions, 'push', '--quiet', '--format=oci', imageId, 'oci:/build/layout'];
}

/** The arguments that remove the working containers of builds that were killed. */
export function sweepArguments(): string[] {
  return ['buildah', ...storageOptions, 'rm', '--all'];
}

function pairs(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `${option}=${name}=${value}`);
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [foundMajor = 0, foundMinor = 0] = version.split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}
