import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { liveModels } from '../live/live-frames.dto.js';
import { ProblemDto } from './problem.dto.js';

const description =
  'Pick any commit, get its image. Errors are problem+json (RFC 9457) with a stable `code`; lists are pages with ' +
  '`next` and `previous`; a trailing slash is optional everywhere.';

const problems = {
  description: 'Anything else: a problem with a stable code',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
};

// Scripts of the original tool use these addresses with their slash, so that is how they are written down.
const withoutSlash = /^\/(livez|readyz)$|\/(logs|image)$/;

/** The OpenAPI 3.1 document of the controllers; the same application gives the same bytes. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const options = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('NoHands')
    .setDescription(description)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API token, `nh_...`' }, 'token')
    .addCookieAuth('nohands_session', { type: 'apiKey', in: 'cookie' }, 'session')
    .addSecurityRequirements('token')
    .addSecurityRequirements('session')
    .addTag('projects', 'Repositories, branches, tags, commits')
    .addTag('builds', 'Builds, logs, images')
    .addTag('accounts', 'Sign-in, set-up, tokens')
    .addTag('admin', 'Users, queue, settings')
    .addTag('health', 'For monitors')
    .build();
  const document = SwaggerModule.createDocument(app, options, {
    autoTagControllers: false,
    extraModels: [ProblemDto, ...liveModels],
  });
  return finish(document);
}

const publicOperations = new Set([
  'login',
  'logout',
  'getSetupState',
  'completeSetup',
  'getLiveness',
  'getReadiness',
]);

function finish(document: OpenAPIObject): OpenAPIObject {
  const paths: OpenAPIObject['paths'] = {};
  for (const path of Object.keys(document.paths).sort()) {
    const item = document.paths[path] ?? {};
    for (const operation of [item.get, item.post, item.patch, item.delete]) {
      if (!operation) continue;
      operation.responses['default'] = problems;
      if (publicOperations.has(operation.operationId ?? '')) operation.security = [];
    }
    paths[withoutSlash.test(path) ? path : `${path}/`] = item;
  }
  const schemas = document.components?.schemas ?? {};
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return unwrap({ ...document, paths, components: { ...document.components, schemas: sorted } });
}

/** `allOf` of one reference is what OpenAPI 3.0 needed; 3.1 and its readers take the reference alone. */
function unwrap<T>(node: T): T {
  if (Array.isArray(node)) return node.map(unwrap) as T;
  if (typeof node !== 'object' || node === null) return node;
  const { allOf, ...rest } = node as { allOf?: unknown[] };
  const plain = Array.isArray(allOf) && allOf.length === 1 ? { ...(allOf[0] as object), ...rest } : node;
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, unwrap(value)])) as T;
}
