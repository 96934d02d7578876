import { cpus, loadavg, totalmem } from 'node:os';

/** Milliseconds, rounded to a tenth. */
export type Spread = { readonly median: number; readonly p10: number; readonly p90: number };

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), p10: quantile(values, 0.1), p90: quantile(values, 0.9) };
}

export function medianOf(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Between two values, as the share says (the definition of NumPy and R, type 7). */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return Math.round((low + (high - low) * (place - Math.floor(place))) * 10) / 10;
}

/** Medians of every phase that all records name. */
export function mediansOf<Phase extends string>(
  records: readonly Readonly<Record<Phase, number>>[],
): Record<Phase, number> {
  const names = Object.keys(records[0] ?? {}) as Phase[];
  return Object.fromEntries(
    names.map((name) => [name, medianOf(records.map((record) => record[name]))]),
  ) as Record<Phase, number>;
}

export type Load = readonly number[];

/** Load averages of 1, 5 and 15 minutes. */
export function readLoad(): Load {
  return loadavg().map((value) => Math.round(value * 100) / 100);
}

export function describeMachine() {
  return {
    platform: `${process.platform} ${process.arch}`,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memory_mib: Math.round(totalmem() / 1024 / 1024),
    node: process.version,
  };
}
