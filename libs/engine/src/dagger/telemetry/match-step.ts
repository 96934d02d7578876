import type { PlannedStep } from '../../dockerfile-plan.js';
import type { EngineCall } from './call-arguments.js';

/**
 * The index of the planned step that a call of the engine carries out: the first that `isTaken` does not name, else
 * (a COPY of several sources is several calls) one that it does; null when none fits.
 */
export function matchStep(
  call: EngineCall,
  plan: readonly PlannedStep[],
  isTaken: (index: number) => boolean,
): number | null {
  const fits = call.field === 'withExec' ? fitRun(call) : fitCopy(call);
  const indexes = plan.flatMap((step, index) => (fits(step) ? [index] : []));
  const free = indexes.find((index) => !isTaken(index));
  if (free !== undefined) return free;
  return call.field === 'withExec' ? null : (indexes.at(-1) ?? null);
}

function fitRun(call: EngineCall): (step: PlannedStep) => boolean {
  const args = call.args.get('args');
  const words = Array.isArray(args) ? args.map(String) : [];
  const texts = [squeeze(words.at(-1) ?? ''), squeeze(JSON.stringify(words))];
  return ({ word, name }) => {
    if (word.toUpperCase() !== 'RUN') return false;
    const planned = withoutFlags(name.replace(/^RUN\s+/, ''));
    // A long name is cut, and that of a heredoc has its first line only.
    const isPart = planned.endsWith('…') || planned.includes('<<');
    const start = squeeze(planned.replace(/…$/, ''));
    return texts.some((text) => text === start || (isPart && start !== '' && text.startsWith(start)));
  };
}

function fitCopy(call: EngineCall): (step: PlannedStep) => boolean {
  const source = plainPath(String(call.args.get('srcPath') ?? ''));
  const place = String(call.args.get('path') ?? '');
  return ({ word, name }) => {
    if (!['COPY', 'ADD'].includes(word.toUpperCase())) return false;
    const words = withoutFlags(name.replace(/^\S+\s+/, ''))
      .split(/[\s,[\]"]+/)
      .filter((part) => part !== '');
    const target = plainPath(words.at(-1) ?? '');
    return (
      words.slice(0, -1).some((part) => plainPath(part) === source) &&
      (target === '' || plainPath(place) === target || plainPath(place).endsWith(`/${target}`))
    );
  };
}

function withoutFlags(text: string): string {
  return text.replace(/^(?:--\S+\s+)+/, '');
}

function squeeze(text: string): string {
  return text.replace(/[\s\\]+/g, '');
}

function plainPath(path: string): string {
  return path.replace(/^(?:\.?\/)+|\/+$|^\.$/g, '');
}
