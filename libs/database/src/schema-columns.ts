import type { ColumnOptions } from 'typeorm';

// Column types that recur in the schema. JavaScript dates hold milliseconds, so times are kept to the millisecond.

export const time = { type: 'timestamptz', precision: 3 } satisfies ColumnOptions;
export const optionalTime = { ...time, nullable: true } satisfies ColumnOptions;
export const createdTime = { ...time, default: () => 'now()' } satisfies ColumnOptions;
export const optionalText = { type: 'text', nullable: true } satisfies ColumnOptions;
export const integer = { type: 'integer' } satisfies ColumnOptions;
export const optionalInteger = { type: 'integer', nullable: true } satisfies ColumnOptions;

export function varchar(length: number): ColumnOptions {
  return { type: 'varchar', length: String(length) };
}

export function optionalVarchar(length: number): ColumnOptions {
  return { ...varchar(length), nullable: true };
}

/** Sizes stay far below 2^53, so a JavaScript number holds them. */
export const bytes = {
  type: 'bigint',
  transformer: {
    to: (value: number | null) => value,
    from: (value: string | null) => (value === null ? null : Number(value)),
  },
} satisfies ColumnOptions;

/** An identity key with a named constraint; TypeORM reads the name but declares it for other keys only. */
export function identity(primaryKeyConstraintName: string) {
  return { generatedIdentity: 'ALWAYS' as const, primaryKeyConstraintName };
}
