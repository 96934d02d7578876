import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { previewDocument } from './preview-document.js';

const [target] = process.argv.slice(2);
if (target === undefined)
  throw new Error('Name the file to write: node apps/api/dist/write-openapi.js <file>');
await writeFile(target, await previewDocument());
