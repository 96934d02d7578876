import { DefaultNamingStrategy } from 'typeorm';

/** Columns are the snake_case of their property; every constraint is named by hand, as in the migrations. */
export class SchemaNames extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  }
}
