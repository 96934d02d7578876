import { BuildError } from '@nohands/domain';
import { describe, expect, it } from 'vitest';
import { planDockerfile } from './dockerfile-plan.js';

const dockerfile = `# syntax=x
ARG A=1
from scratch as Base
# c
RUN echo a \\
  # comment
  && echo b
RUN <<EOF
FROM x
EOF
FROM --platform=linux/amd64 base AS two
COPY --from=base \\
 a b
onbuild RUN x
`;

function codeOf(content: string, target: string | null): string {
  try {
    planDockerfile(content, target);
  } catch (error) {
    if (error instanceof BuildError) return error.code;
    throw error;
  }
  return 'none';
}

describe(planDockerfile.name, () => {
  it('names every instruction on one line and counts it within its stage', () => {
    const steps = planDockerfile(dockerfile, null);
    expect(
      steps.map((step) => `${step.stage}/${step.stageCount} ${step.position}/${step.stepCount} ${step.name}`),
    ).toEqual([
      '1/2 1/3 FROM scratch as Base',
      '1/2 2/3 RUN echo a && echo b',
      '1/2 3/3 RUN <<EOF',
      '2/2 1/3 FROM --platform=linux/amd64 base AS two',
      '2/2 2/3 COPY --from=base a b',
      '2/2 3/3 ONBUILD RUN x',
    ]);
    expect(steps[0]?.word).toBe('from');
  });

  it('ends at the target, by name in any case or by number', () => {
    expect(planDockerfile(dockerfile, 'BASE')).toHaveLength(3);
    expect(planDockerfile(dockerfile, '0')).toHaveLength(3);
    expect(planDockerfile(dockerfile, 'two')).toHaveLength(6);
  });

  it('follows another escape character', () => {
    expect(planDockerfile('# escape=`\nFROM scratch\nRUN a `\n b\n', null)[1]?.name).toBe('RUN a b');
  });

  it('shortens a very long instruction', () => {
    expect(planDockerfile(`FROM x\nRUN ${'a'.repeat(5000)}`, null)[1]?.name).toHaveLength(200);
  });

  it('refuses an unknown target and a file without FROM', () => {
    expect(codeOf(dockerfile, 'three')).toBe('target_not_found');
    expect(codeOf(dockerfile, '7')).toBe('target_not_found');
    expect(codeOf('', null)).toBe('dockerfile_invalid');
    expect(codeOf('RUN x', null)).toBe('dockerfile_invalid');
  });
});
