import type { ArgumentMetadata, PipeTransform, Type } from '@nestjs/common';
import { Problem, type FieldError } from '@nohands/domain';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { invalidFields } from './api-problems.errors.js';

/**
 * Turns bodies and queries into their DTO or refuses them: unknown fields (whatever their name), wrong types, wrong
 * values, all with a pointer. Nest's own ValidationPipe drops fields named like methods of Object without a word.
 */
export class ContractPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !isDto(metatype)) return value;
    const at = (field: string) => (type === 'body' ? `/${escapePointer(field)}` : `query:${field}`);
    const plain = type === 'query' ? { ...(value as object) } : value;
    if (!isPlainObject(plain)) {
      throw invalidFields([
        { pointer: '', detail: 'The body must be a JSON object with the fields of this call.' },
      ]);
    }
    const known = fieldsOf(metatype);
    const unknown = Object.keys(plain).filter((field) => !known.has(field));
    const errors: FieldError[] = unknown.map((field) => ({
      pointer: at(field),
      detail: 'There is no such field here.',
    }));
    const dto = plainToInstance(
      metatype,
      Object.fromEntries(Object.entries(plain).filter(([field]) => known.has(field))),
    );
    for (const error of validateSync(dto, {
      stopAtFirstError: true,
      validationError: { target: false, value: false },
    })) {
      const [detail = 'is invalid'] = Object.values(error.constraints ?? {});
      errors.push({ pointer: at(error.property), detail: withName(error.property, detail) });
    }
    if (errors.length > 0) throw invalidFields(errors);
    return dto;
  }
}

const notDtos: ReadonlySet<unknown> = new Set([Object, String, Number, Boolean, Array]);

function isDto(metatype: Type | undefined): metatype is Type<object> {
  return metatype !== undefined && !notDtos.has(metatype);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldsOf(metatype: Type): ReadonlySet<string> {
  const metadata = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
  return new Set(metadata.map(({ propertyName }) => propertyName));
}

function withName(field: string, detail: string): string {
  return detail.startsWith(field) ? detail : `${field} ${detail}`;
}

function escapePointer(field: string): string {
  return field.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 200);
}

const deepest = 32;

/**
 * Reads a JSON body. Problem: `bad_request` for what is no JSON, is nested deeper than any call needs, or tries to
 * reach a prototype; an empty body is undefined.
 */
export function readJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem('bad_request', 'The body is not valid JSON.');
  }
  refuseStrangeShapes(value);
  return value;
}

/** Without recursion: the nesting is the caller's to choose. */
function refuseStrangeShapes(root: unknown): void {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest)
      throw new Problem('bad_request', `The body is nested deeper than ${deepest} levels.`);
    level = level.flatMap((value) => {
      if (typeof value !== 'object' || value === null) return [];
      if (Object.hasOwn(value, '__proto__')) {
        throw new Problem('bad_request', 'The body has a field named "__proto__", which no call takes.');
      }
      return Object.values(value);
    });
  }
}
