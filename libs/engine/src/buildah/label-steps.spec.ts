import { describe, expect, it } from 'vitest';
import { planDockerfile } from '../dockerfile-plan.js';
import { withLabelSteps } from './label-steps.js';

describe(withLabelSteps.name, () => {
  it('counts every label as a step of the last stage, and of no other', () => {
    const plan = planDockerfile('FROM scratch AS a\nRUN one\nFROM a\nRUN two', null);
    const steps = withLabelSteps(plan, { 'a.b': '1', c: '2' });
    expect(steps.map(({ stage, position, stepCount, word }) => [stage, position, stepCount, word])).toEqual([
      [1, 1, 2, 'FROM'],
      [1, 2, 2, 'RUN'],
      [2, 1, 4, 'FROM'],
      [2, 2, 4, 'RUN'],
      [2, 3, 4, 'LABEL'],
      [2, 4, 4, 'LABEL'],
    ]);
    expect(steps.at(-1)?.name).toBe('LABEL c=2');
  });

  it('changes nothing without labels', () => {
    const plan = planDockerfile('FROM scratch', null);
    expect(withLabelSteps(plan, {})).toEqual(plan);
  });
});
