import protobuf from 'protobufjs';

/** The parts of OTLP that are read here, by their published field numbers; what is not named is skipped. */
const otlp = protobuf.parse(`
  syntax = "proto3";
  message AnyValue {
    oneof value {
      string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4;
      ArrayValue arrayValue = 5;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message TracesData { repeated ResourceSpans resourceSpans = 1; }
  message ResourceSpans { repeated ScopeSpans scopeSpans = 2; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes spanId = 2; bytes parentSpanId = 4; string name = 5;
    fixed64 startTimeUnixNano = 7; fixed64 endTimeUnixNano = 8;
    repeated KeyValue attributes = 9; repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes spanId = 2; }
  message Status { int32 code = 3; }
  message LogsData { repeated ResourceLogs resourceLogs = 1; }
  message ResourceLogs { repeated ScopeLogs scopeLogs = 2; }
  message ScopeLogs { repeated LogRecord logRecords = 2; }
  message LogRecord {
    fixed64 timeUnixNano = 1; AnyValue body = 5; repeated KeyValue attributes = 6; bytes spanId = 10;
  }
`).root;
const tracesData = otlp.lookupType('TracesData');
const logsData = otlp.lookupType('LogsData');

export type AttributeValue = string | number | boolean;

/** A span as it was when it was sent: when it opened, and again when it ended. */
export type TelemetrySpan = {
  /** Hexadecimal; empty for a span without parent. */
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Null while it is open. */
  readonly endedAt: number | null;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly linkedIds: readonly string[];
  readonly hasFailed: boolean;
  /** What a container said when it ended, if one ran in this span. */
  readonly exitCode: number | null;
};

export type TelemetryRecord = {
  readonly spanId: string;
  /** Nanoseconds since 1970: orders the records of one batch. */
  readonly time: bigint;
  readonly text: string;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
};

type RawValue = { stringValue?: string; boolValue?: boolean; intValue?: string; doubleValue?: number };
type RawKeyValue = { key: string; value?: RawValue };
type RawSpan = {
  spanId: string;
  parentSpanId: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: RawKeyValue[];
  events: { name: string; attributes: RawKeyValue[] }[];
  links: { spanId: string }[];
  status: { code: number } | null;
};
type RawRecord = { timeUnixNano: string; body?: RawValue; attributes: RawKeyValue[]; spanId: string };
type RawTraces = { resourceSpans: { scopeSpans: { spans: RawSpan[] }[] }[] };
type RawLogs = { resourceLogs: { scopeLogs: { logRecords: RawRecord[] }[] }[] };

const plain = { longs: String, bytes: String, arrays: true } as const;
const statusError = 2;

/** The spans of one `/v1/traces` body, in the order they were written. Throws on bytes that are no such message. */
export function decodeSpans(body: Uint8Array): TelemetrySpan[] {
  const traces = tracesData.toObject(tracesData.decode(body), { ...plain, defaults: true }) as RawTraces;
  return traces.resourceSpans.flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) => scope.spans.map(toSpan)),
  );
}

/** The records of one `/v1/logs` body, by time. Throws on bytes that are no such message. */
export function decodeRecords(body: Uint8Array): TelemetryRecord[] {
  const logs = logsData.toObject(logsData.decode(body), { ...plain, defaults: false }) as RawLogs;
  const records = (logs.resourceLogs ?? []).flatMap((resource) =>
    (resource.scopeLogs ?? []).flatMap((scope) => (scope.logRecords ?? []).map(toRecord)),
  );
  // The exporter groups a batch by scope and stream; a stable sort by time gives back the order of writing.
  return records.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function toSpan(raw: RawSpan): TelemetrySpan {
  const exited = raw.events.find((event) => event.name === 'Container exited');
  const exitCode = exited === undefined ? undefined : toAttributes(exited.attributes).get('exit.code');
  return {
    id: toHex(raw.spanId),
    parentId: toHex(raw.parentSpanId),
    name: raw.name,
    startedAt: toMilliseconds(raw.startTimeUnixNano),
    endedAt: raw.endTimeUnixNano === '0' ? null : toMilliseconds(raw.endTimeUnixNano),
    attributes: toAttributes(raw.attributes),
    linkedIds: raw.links.map((link) => toHex(link.spanId)),
    hasFailed: raw.status?.code === statusError,
    exitCode: typeof exitCode === 'number' ? exitCode : null,
  };
}

function toRecord(raw: RawRecord): TelemetryRecord {
  return {
    spanId: toHex(raw.spanId ?? ''),
    time: BigInt(raw.timeUnixNano ?? 0),
    text: raw.body?.stringValue ?? '',
    attributes: toAttributes(raw.attributes ?? []),
  };
}

function toAttributes(pairs: readonly RawKeyValue[]): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  for (const { key, value } of pairs) {
    const known = value?.stringValue ?? value?.boolValue ?? value?.doubleValue;
    if (known !== undefined) attributes.set(key, known);
    else if (value?.intValue !== undefined) attributes.set(key, Number(value.intValue));
  }
  return attributes;
}

function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

function toMilliseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n);
}
