import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { BuildError } from '@nohands/domain';

/** An instruction that will be run. Numbers count from 1 within the stage, FROM included. */
export type PlannedStep = {
  readonly stage: number;
  readonly stageCount: number;
  readonly position: number;
  readonly stepCount: number;
  /** The instruction's word as it was written. */
  readonly word: string;
  /** For people: the instruction on one line, at most 200 characters. */
  readonly name: string;
  /** True for a step that no Dockerfile asks for (a label we add): it is run, but not shown. */
  readonly isAdded?: true;
};

const nameLimit = 200;

/**
 * The steps of a Dockerfile in order, up to the target stage. Throws `BuildError`: `dockerfile_invalid` where there is
 * no FROM, `target_not_found`.
 */
export function planDockerfile(content: string, target: string | null): PlannedStep[] {
  const dockerfile = DockerfileParser.parse(content);
  const lines = content.split(/\r?\n/);
  const escape = dockerfile.getEscapeCharacter();
  const stages = splitStages(dockerfile.getInstructions());
  if (stages.length === 0) {
    throw new BuildError(
      'dockerfile_invalid',
      'The Dockerfile has no FROM instruction. Start it with FROM <image>.',
    );
  }
  const used = stages.slice(0, findTarget(stages, target) + 1);
  return used.flatMap((instructions, index) =>
    instructions.map((instruction, position) => ({
      stage: index + 1,
      stageCount: used.length,
      position: position + 1,
      stepCount: instructions.length,
      word: instruction.getInstruction(),
      name: nameStep(instruction, lines, escape),
    })),
  );
}

function splitStages(instructions: readonly Instruction[]): Instruction[][] {
  const stages: Instruction[][] = [];
  for (const instruction of instructions) {
    // What stands before the first FROM (ARG) is no step of a stage.
    if (instruction.getKeyword() === 'FROM') stages.push([instruction]);
    else stages.at(-1)?.push(instruction);
  }
  return stages;
}

function findTarget(stages: readonly Instruction[][], target: string | null): number {
  if (target === null) return stages.length - 1;
  const names = stages.map(stageName);
  const byName = names.lastIndexOf(target.toLowerCase());
  const index = byName >= 0 || !/^\d{1,6}$/.test(target) ? byName : Number(target);
  if (index >= 0 && index < stages.length) return index;
  const known = names.filter((name) => name !== null);
  throw new BuildError(
    'target_not_found',
    `The Dockerfile has no stage "${target}". ${known.length === 0 ? 'It names no stage.' : `Its stages: ${known.join(', ')}.`}`,
  );
}

function stageName(instructions: readonly Instruction[]): string | null {
  const words = instructions[0]?.getArguments().map((argument) => argument.getValue()) ?? [];
  const as = words.findIndex((word) => word.toLowerCase() === 'as');
  return as > 0 ? (words[as + 1]?.toLowerCase() ?? null) : null;
}

/** One line as a reader would say it: joined, without comments, of a heredoc only the first line. */
function nameStep(instruction: Instruction, lines: readonly string[], escape: string): string {
  const { start, end } = instruction.getRange();
  const [first = '', ...rest] = lines.slice(start.line, end.line + 1);
  const parts = [first];
  for (const line of rest) {
    if (!parts.at(-1)?.trimEnd().endsWith(escape)) break;
    if (line.trim() !== '' && !line.trimStart().startsWith('#')) parts.push(line);
  }
  const joined = parts
    .map((part) => (part.trimEnd().endsWith(escape) ? part.trimEnd().slice(0, -1) : part))
    .join(' ');
  const name = joined
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^\S+/, (word) => word.toUpperCase());
  return name.length > nameLimit ? `${name.slice(0, nameLimit - 1)}…` : name;
}
