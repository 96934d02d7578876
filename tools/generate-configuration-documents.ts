// Writes docs/configuration.md and .env.example from the declarations in libs/config.
import { writeFileSync } from 'node:fs';
import { configurationDocument, environmentExample } from '@nohands/config';

const root = new URL('..', import.meta.url);
writeFileSync(new URL('docs/configuration.md', root), configurationDocument());
writeFileSync(new URL('.env.example', root), environmentExample());
