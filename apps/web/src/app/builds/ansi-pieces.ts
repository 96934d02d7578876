import Anser from 'anser';

/** A run of text of one look. Drawn as a text node: what a build prints is never markup. */
export type AnsiPiece = {
  readonly text: string;
  /** `ansi-red`, `ansi-bright-red-bg`, `bold`, ... */
  readonly classes: string;
  /** For the 256 and 16 million colours: "12, 34, 56"; else null. */
  readonly colour: string | null;
  readonly ground: string | null;
};

// Links (OSC 8) and other operating-system commands, and every CSI sequence but colours: nothing a log can show.
const unshowable =
  /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b\[[0-9;?]*[A-Za-ln-z]|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/g;

/** Cuts a line of the log into pieces of one look each. */
export function ansiPieces(line: string): readonly AnsiPiece[] {
  const text = afterLastReturn(line).replace(unshowable, '');
  if (!text.includes('\u001b')) return text === '' ? [] : [{ text, classes: '', colour: null, ground: null }];
  return Anser.ansiToJson(text, { json: true, use_classes: true, remove_empty: true }).map((entry) => ({
    text: entry.content,
    classes: [
      ...(isNamed(entry.fg) ? [entry.fg] : []),
      ...(isNamed(entry.bg) ? [`${entry.bg}-bg`] : []),
      ...entry.decorations,
    ].join(' '),
    colour: rgbOf(entry.fg, entry.fg_truecolor),
    ground: rgbOf(entry.bg, entry.bg_truecolor),
  }));
}

/** A progress bar writes the same line again and again: what stands last is what a terminal would show. */
function afterLastReturn(line: string): string {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}

function isNamed(colour: string | null): colour is string {
  return (
    colour !== null && colour !== '' && !colour.startsWith('ansi-palette') && colour !== 'ansi-truecolor'
  );
}

function rgbOf(colour: string | null, exact: string | null): string | null {
  if (colour === 'ansi-truecolor') return exact;
  const palette = /^ansi-palette-(\d+)$/.exec(colour ?? '')?.[1];
  return palette === undefined ? null : paletteColour(Number(palette));
}

/** Colours 16..231 of the 256 are a cube of six levels, 232..255 are greys. */
function paletteColour(index: number): string {
  if (index >= 232)
    return Array(3)
      .fill(8 + (index - 232) * 10)
      .join(', ');
  const cube = index - 16;
  return [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
    .map((level) => (level === 0 ? 0 : 55 + level * 40))
    .join(', ');
}
