import { PhraseAutomaton } from './secret-masker-automaton.js';
import { secretForms } from './secret-masker-forms.js';
import { MaskingStream } from './secret-masker-stream.js';

/**
 * Replaces the secrets of one build by `***`: raw, base64 (any alignment, both alphabets, wrapped lines), URL- and
 * JSON-escaped, whole multi-line values and each of their lines. Line ends inside a masked stretch stay, so the
 * number of lines does not change. Immutable and cheap to share between streams.
 */
export class SecretMasker {
  /** True when there is nothing to mask, and masking costs nothing. */
  readonly isEmpty: boolean;
  private readonly exact: PhraseAutomaton;
  private readonly wrapped: PhraseAutomaton;

  /** Throws RangeError for a value that `acceptsSecret` refuses: a secret is never silently left unmasked. */
  constructor(values: readonly string[]) {
    const forms = secretForms(values);
    this.isEmpty = values.length === 0;
    this.exact = new PhraseAutomaton(forms.anywhere, forms.wholeTokens);
    this.wrapped = new PhraseAutomaton(forms.wrapped);
  }

  /** Masks a whole text, for messages and details that are not streamed. */
  mask(text: string): string {
    if (this.isEmpty) return text;
    const stream = this.stream();
    return stream.push(text) + stream.end();
  }

  /** A masker for one text that comes in pieces; give each (step, stream) its own. */
  stream(): MaskingStream {
    return new MaskingStream(this.exact, this.wrapped);
  }
}
