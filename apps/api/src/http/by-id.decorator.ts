import { applyDecorators, Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { Problem } from '@nohands/domain';
import { largestId } from './fields.js';

/** Reads an id from the path; what cannot be one names nothing. */
export class IdPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    const id = /^\d{1,10}$/.test(value) ? Number(value) : 0;
    if (id < 1 || id > largestId)
      throw new Problem('not_found', 'There is nothing at this address: the id is unknown.');
    return id;
  }
}

/** The parameter `{id}` of the path. */
export const Id = () => Param('id', IdPipe);

/** Declares `{id}` as the integer it is. */
export const ById = () => applyDecorators(ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 } }));
