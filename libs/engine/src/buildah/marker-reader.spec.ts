import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planDockerfile } from '../dockerfile-plan.js';
import { MarkerReader, type OutputEvent } from './marker-reader.js';

const id = 'a'.repeat(64);
const single = planDockerfile('FROM scratch\nCOPY a /a\nRUN one\nRUN two', null);
const staged = planDockerfile('FROM scratch AS a\nRUN one\nFROM a\nrun two', null);

/** The events as one text: `<n>` for a step, `<cached>`; text as it is. */
function show(events: readonly OutputEvent[]): string {
  return events
    .map((event) =>
      event.kind === 'text' ? event.text : event.kind === 'step' ? `<${event.step.name}>` : '<cached>',
    )
    .join('');
}

function readAll(plan: typeof single, chunks: readonly string[]): string {
  const reader = new MarkerReader(plan);
  return show([...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end(true)]);
}

const output = `STEP 1/4: FROM scratch
STEP 2/4: COPY a /a
--> Using cache ${id}
STEP 3/4: RUN one
first
no endSTEP 4/4: RUN two
second
COMMIT
`;
const shown = '<FROM scratch><COPY a /a><cached><RUN one>first\nno end<RUN two>second\n';

describe(MarkerReader.name, () => {
  it('tells steps, cache hits and output apart, glued markers included', () => {
    expect(readAll(single, [output])).toBe(shown);
  });

  it('gives the same whichever way the output was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
        const chunks: string[] = [];
        for (let at = 0, turn = 0; at < output.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(output.slice(at, at + size));
          at += size;
        }
        expect(chunks.join('')).toBe(output);
        expect(readAll(single, chunks)).toBe(shown);
      }),
    );
  });

  it('believes no marker but the next one', () => {
    const forged = `STEP 1/4: FROM scratch\nSTEP 2/4: COPY a /a\nSTEP 3/4: RUN one\nSTEP 9/9: RUN x\nSTEP 2/4: COPY a /a\n[1/2] STEP 4/4: CMD x\n--> Using cache ${id}\nCOMMIT x\nmore\n`;
    expect(readAll(single, [forged])).toBe(
      `<FROM scratch><COPY a /a><RUN one>STEP 9/9: RUN x\nSTEP 2/4: COPY a /a\n[1/2] STEP 4/4: CMD x\n--> Using cache ${id}\nCOMMIT x\nmore\n`,
    );
  });

  it('takes nothing away from the output of a RUN that ends like buildah itself', () => {
    const start = 'STEP 1/4: FROM scratch\nSTEP 2/4: COPY a /a\nSTEP 3/4: RUN one\nSTEP 4/4: RUN two\n';
    expect(readAll(single, [`${start}DID COMMIT\nCOMMIT\n`])).toMatch(/DID COMMIT\n$/);
    expect(readAll(single, [`${start}COMMIT\n`, 'more\nCOMMIT\n'])).toMatch(/<RUN two>COMMIT\nmore\n$/);
    const failing = new MarkerReader(single);
    expect(show([...failing.read(`${start}COMMIT\n`), ...failing.end(false)])).toMatch(/<RUN two>COMMIT\n$/);
  });

  it('follows stages', () => {
    const text =
      '[1/2] STEP 1/2: FROM scratch AS a\n[1/2] STEP 2/2: RUN one\nx[2/2] STEP 1/2: FROM a\n[2/2] STEP 2/2: run two\ny\n[2/2] COMMIT\n';
    expect(readAll(staged, [text])).toBe('<FROM scratch AS a><RUN one>x<FROM a><RUN two>y\n');
  });

  it('delivers a line without its end at once, and a held beginning of a marker when asked to', () => {
    const reader = new MarkerReader(single);
    reader.read('STEP 1/4: FROM scratch\n');
    expect(show(reader.read('progress 10%'))).toBe('progress 10%');
    expect(show(reader.read('\rST'))).toBe('\r');
    expect(show(reader.flush())).toBe('ST');
    expect(show(reader.read('OP\n'))).toBe('OP\n');
  });

  it('passes every byte', () => {
    const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, index) => index));
    expect(readAll(single, ['STEP 1/4: FROM scratch\n', bytes])).toBe(`<FROM scratch>${bytes}`);
  });
});
