import { BuildUserUnavailable, prepareBuildUser as prepare } from '@nohands/engine';

/**
 * The name of the unprivileged user that builds run as. Only root can make one, and only Linux needs it; without it (said
 * as a warning) everything but builds works.
 */
export async function prepareBuildUser(say: (sentence: string) => void): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  try {
    return (await prepare()).name;
  } catch (error) {
    if (!(error instanceof BuildUserUnavailable)) throw error;
    say(`Warning: ${error.message}`);
    return null;
  }
}
