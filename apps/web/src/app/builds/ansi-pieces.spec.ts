import { ansiPieces } from './ansi-pieces';

const escape = '\u001b';
const textOf = (line: string) =>
  ansiPieces(line)
    .map((piece) => piece.text)
    .join('');

describe(ansiPieces.name, () => {
  it('leaves plain text and markup as text', () => {
    expect(ansiPieces('<b onclick="x">&amp;</b>')).toEqual([
      { text: '<b onclick="x">&amp;</b>', classes: '', colour: null, ground: null },
    ]);
  });

  it('cuts colours and weights into classes', () => {
    const pieces = ansiPieces(`${escape}[1;31merror${escape}[0m in ${escape}[42mgreen${escape}[0m`);
    expect(pieces.map(({ text, classes }) => [text, classes])).toEqual([
      ['error', 'ansi-red bold'],
      [' in ', ''],
      ['green', 'ansi-green-bg'],
    ]);
  });

  it('turns the 256 and the 16 million colours into numbers', () => {
    expect(ansiPieces(`${escape}[38;5;196mx`)[0]?.colour).toBe('255, 0, 0');
    expect(ansiPieces(`${escape}[38;5;244mx`)[0]?.colour).toBe('128, 128, 128');
    expect(ansiPieces(`${escape}[48;2;1;2;3mx`)[0]?.ground).toBe('1, 2, 3');
  });

  it('shows what a terminal would show of a line that was written over', () => {
    expect(textOf('10%\r50%\r100%')).toBe('100%');
    expect(textOf('done\r')).toBe('done');
  });

  it('drops cursor movements, titles, links and other controls', () => {
    expect(textOf(`${escape}[2K${escape}[1Aready${escape}[?25h`)).toBe('ready');
    expect(
      textOf(
        `${escape}]0;title\u0007a${escape}]8;;https://example.org${escape}\\link${escape}]8;;${escape}\\`,
      ),
    ).toBe('alink');
    expect(textOf('bell\u0007 and back\u0008')).toBe('bell and back');
  });

  it('keeps tabs, and nothing of an empty line', () => {
    expect(textOf('a\tb')).toBe('a\tb');
    expect(ansiPieces('')).toEqual([]);
  });
});
