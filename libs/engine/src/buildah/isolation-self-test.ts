import type { BuildahRunOptions } from './buildah-run.js';
export async function selfTestIsolation(
  _o: BuildahRunOptions,
  _d: string,
): Promise<{ code: 'engine_unsafe' | 'engine_unavailable'; reason: string } | null> {
  return null;
}
