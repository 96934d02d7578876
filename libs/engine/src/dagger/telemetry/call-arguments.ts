import protobuf from 'protobufjs';

/** The engine's description of a call (the attribute `dagger.io/dag.call`), by its published field numbers. */
const call = protobuf
  .parse(
    `
  syntax = "proto3";
  message Call { string field = 3; repeated Argument args = 4; }
  message Argument { string name = 1; Literal value = 2; }
  message Literal {
    oneof value {
      bool bool = 3; string enum = 4; int64 int = 5; string string = 7; List list = 8;
      DigestedString digestedString = 10;
    }
  }
  message DigestedString { string value = 1; }
  message List { repeated Literal values = 1; }
`,
  )
  .root.lookupType('Call');

export type CallArgument = string | number | boolean | readonly string[];
export type EngineCall = { readonly field: string; readonly args: ReadonlyMap<string, CallArgument> };

type RawLiteral = {
  bool?: boolean;
  enum?: string;
  int?: string;
  string?: string;
  list?: { values?: RawLiteral[] };
  digestedString?: { value?: string };
};
type RawCall = { field?: string; args?: { name?: string; value?: RawLiteral }[] };

/** Reads the attribute; arguments of other kinds (objects, other calls) are left out. Null when it cannot be read. */
export function readCall(attribute: string): EngineCall | null {
  try {
    const message = call.decode(Buffer.from(attribute, 'base64'));
    const raw = call.toObject(message, { longs: String }) as RawCall;
    const args = new Map<string, CallArgument>();
    for (const { name, value } of raw.args ?? []) {
      const known = value === undefined ? undefined : readLiteral(value);
      if (name !== undefined && known !== undefined) args.set(name, known);
    }
    return { field: raw.field ?? '', args };
  } catch (error) {
    // Expected: the bytes of an engine that describes calls in another way. A step then keeps the span's name.
    if (error instanceof Error) return null;
    throw error;
  }
}

function readLiteral(literal: RawLiteral): CallArgument | undefined {
  if (literal.list !== undefined) {
    return (literal.list.values ?? []).map((value) => String(readLiteral(value) ?? ''));
  }
  if (literal.int !== undefined) return Number(literal.int);
  return literal.string ?? literal.digestedString?.value ?? literal.bool ?? literal.enum;
}
