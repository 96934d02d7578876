import { applyDecorators, type Type } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
} from 'class-validator';

/** The largest id Postgres can hold; anything above names nothing. */
export const largestId = 2_147_483_647;

type Described = { readonly description?: string };
type Answer = Described & { readonly nullable?: boolean };
type WordsAnswer = Answer & { readonly name: string };

/** Fields of answers: the schema only, for what we send is not validated. */
export const Answers = {
  whole: (options: Answer = {}) => ApiProperty({ type: 'integer', ...options }),
  wholes: (options: Answer = {}) => ApiProperty({ type: 'integer', isArray: true, ...options }),
  decimal: (options: Answer = {}) => ApiProperty({ type: 'number', ...options }),
  text: (options: Answer = {}) => ApiProperty({ type: 'string', ...options }),
  texts: (options: Answer = {}) => ApiProperty({ type: 'string', isArray: true, ...options }),
  time: (options: Answer = {}) => ApiProperty({ type: 'string', format: 'date-time', ...options }),
  flag: (options: Answer = {}) => ApiProperty({ type: 'boolean', ...options }),
  words: (values: readonly string[], { name, ...options }: WordsAnswer) =>
    ApiProperty({ enum: [...values], enumName: name, ...options }),
  object: (type: Type, options: Answer = {}) => ApiProperty({ type, ...options }),
  list: (type: Type, options: Answer = {}) => ApiProperty({ type, isArray: true, ...options }),
} as const;

type Bounds = Described & {
  readonly optional?: boolean;
  readonly nullable?: boolean;
  readonly min?: number;
  readonly max?: number;
};
type TextBounds = Bounds & {
  /** Line feeds and tabs are allowed. */
  readonly multiline?: boolean;
  readonly format?: string;
};

/** Fields of requests: schema and validation in one, so that they cannot differ. */
export const Takes = {
  whole: ({ min = 1, max = Number.MAX_SAFE_INTEGER, ...rest }: Bounds = {}) =>
    applyDecorators(
      property({ type: 'integer', minimum: min, ...upTo(max), ...rest }),
      ...presence(rest),
      IsInt(),
      Min(min),
      Max(max),
    ),
  text: ({ min = 1, max = 255, multiline = false, ...rest }: TextBounds = {}) =>
    applyDecorators(
      property({ type: 'string', minLength: min, maxLength: max, ...rest }),
      ...presence(rest),
      IsString(),
      MinLength(min, { message: min === 1 ? 'must not be empty' : `must have ${min} characters or more` }),
      MaxLength(max, { message: `must have at most ${max} characters` }),
      Matches(multiline ? withoutControls.multiline : withoutControls.line, {
        message: 'must not hold control characters',
      }),
    ),
  flag: (options: Bounds = {}) =>
    applyDecorators(property({ type: 'boolean', ...options }), ...presence(options), IsBoolean()),
  words: (values: readonly string[], { name, ...rest }: Bounds & { readonly name: string }) =>
    applyDecorators(
      property({ enum: [...values], enumName: name, ...rest }),
      ...presence(rest),
      IsIn([...values]),
    ),
} as const;

/** Fields of a query string, where everything arrives as text; always optional unless told. */
export const Queries = {
  whole: ({ optional = true, ...rest }: Bounds = {}) =>
    applyDecorators(
      Transform(({ value }) => wholeNumber(value)),
      Takes.whole({ optional, ...rest }),
    ),
  text: ({ optional = true, ...rest }: TextBounds = {}) => Takes.text({ optional, ...rest }),
  flag: ({ optional = true, ...rest }: Bounds = {}) =>
    applyDecorators(
      Transform(({ value }) => flag(value)),
      Takes.flag({ optional, ...rest }),
    ),
  words: (values: readonly string[], options: Bounds & { readonly name: string }) =>
    Takes.words(values, { optional: true, ...options }),
} as const;

// NUL cannot be stored by Postgres at all; the other controls only serve to fool terminals and logs.
const withoutControls = {
  line: /^[^\u0000-\u001f\u007f]*$/u,
  multiline: /^[^\u0000-\u0008\u000b-\u001f\u007f]*$/u,
};

type PropertyOptions = Parameters<typeof ApiProperty>[0] & Bounds;

function property({ optional, min: _min, max: _max, ...schema }: PropertyOptions): PropertyDecorator {
  return optional ? ApiPropertyOptional(schema as never) : ApiProperty(schema as never);
}

// Not @IsOptional: it would let null pass where only absence is meant.
function presence({ optional, nullable }: Bounds): PropertyDecorator[] {
  if (!optional && !nullable) return [];
  return [
    ValidateIf(
      (_, value) => !(optional === true && value === undefined) && !(nullable === true && value === null),
    ),
  ];
}

function upTo(max: number): { maximum?: number } {
  return max === Number.MAX_SAFE_INTEGER ? {} : { maximum: max };
}

/** Decimal digits only; whatever else comes stays as it is and is refused by the validator. */
function wholeNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

function flag(value: unknown): unknown {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  return value;
}
