/**
 * Writes a Python client from libs/api-client/openapi.json: `node tools/generate/python-client.ts <folder>` makes
 * `<folder>/nohands_client` and, beside it, a virtual environment `<folder>/python` that can import it. Needs python3
 * and pip; only the pinned packages are downloaded, and only while they are installed.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = import.meta.dirname;
const document = join(here, '..', '..', 'libs', 'api-client', 'openapi.json');

/** Answers the Python that imports `nohands_client`. Throws with the words of pip or of the generator. */
export async function generatePythonClient(folder: string): Promise<string> {
  const environment = join(folder, 'python');
  const bin = join(environment, 'bin');
  const python = join(bin, 'python');
  // Without pip: Debian keeps what would install it in a package of its own, and the pip outside does as well.
  await run('python3', ['-m', 'venv', '--without-pip', environment]);
  const requirements = join(here, 'python-client-requirements.txt');
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await run('pip3', ['--python', python, 'install', ...quiet, '--requirement', requirements]);
  const output = ['--output-path', join(folder, 'nohands_client'), '--overwrite', '--meta', 'none'];
  const options = ['--config', join(here, 'python-client.yml'), '--fail-on-warning'];
  await run(join(bin, 'openapi-python-client'), ['generate', '--path', document, ...output, ...options]);
  const packages = await run(python, ['-c', 'import site; print(site.getsitepackages()[0])']);
  await writeFile(join(packages.trim(), 'nohands.pth'), `${folder}\n`);
  return python;
}

/** What the program printed; an error holds it too, since generators complain on their standard output. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args).catch((error: Error & { stdout?: string }) => {
    throw new Error(`${error.message}\n${error.stdout ?? ''}`);
  });
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Name the folder: node tools/generate/python-client.ts <folder>');
  process.stdout.write(`${await generatePythonClient(resolve(folder))}\n`);
}
