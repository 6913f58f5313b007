import { z } from 'zod';
import { refuse } from './envelope.ts';
import type { RefusalStatus } from './envelope.ts';
import type { ResponseDoc, Route } from './route.ts';
import { fault } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

const TAGS = [
  { name: 'push', description: '消息推送' },
  { name: 'tasks', description: '任务状态' },
  { name: 'notifications', description: '系统通知' },
  { name: 'catalogue', description: '平台与接收者' },
  { name: 'operations', description: '运维' },
];

/** OpenAPI 3.1 made of the routes that the server runs. */
export function openapiDocument(routes: readonly Route[], version: string): Json {
  const shown = routes.filter((route) => !route.hidden);
  const { schemaOf, components } = convert(shown);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of shown) {
    const path = (paths[route.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    path[route.method.toLowerCase()] = operation(route, schemaOf);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'PushServer', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: {
      schemas: components,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  };
}

const DESCRIPTION =
  '调用方给出接收者别名与推送策略，PushServer 负责送达。每个回答都是 {code, message, data}，code 与 HTTP 状态码相同。';

type SchemaOf = (schema: z.ZodType) => unknown;

/** All schemas in one conversion, so that the named ones become shared components. */
function convert(routes: readonly Route[]): { schemaOf: SchemaOf; components: unknown } {
  const all = new Set<z.ZodType>([fault]);
  for (const route of routes) {
    for (const schema of [route.body, route.params, route.query]) if (schema) all.add(schema);
    for (const response of Object.values(route.responses)) if (response.data) all.add(response.data);
  }
  const names = new Map([...all].map((schema, i) => [schema, `s${i}`]));
  const whole = z.object(Object.fromEntries([...names].map(([schema, name]) => [name, schema])));
  const text = JSON.stringify(z.toJSONSchema(whole, { io: 'input', unrepresentable: 'any' }));
  const { properties, $defs } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    properties: Json;
    $defs: Record<string, { id?: string }>;
  };
  for (const component of Object.values($defs)) delete component.id;
  return { schemaOf: (schema) => properties[names.get(schema)!], components: $defs };
}

function operation(route: Route, schemaOf: SchemaOf): Json {
  return {
    tags: [route.tag],
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^a-z0-9]+(\w?)/gi, (_all, next: string) => next.toUpperCase())}`,
    summary: route.summary,
    description: route.scope === 'open' ? route.description : `${route.description}（权限：${route.scope}）`,
    ...(route.scope !== 'open' && { security: [{ bearer: [] }, { apiKey: [] }, {}] }),
    parameters: parameters(route, schemaOf),
    ...(route.body && {
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: schemaOf(route.body),
            examples: mapValues(route.examples ?? {}, (value) => ({ value })),
          },
        },
      },
    }),
    responses: {
      ...Object.fromEntries(commonTo(route).map((status) => [status, refusal(status, schemaOf)])),
      ...mapValues(route.responses, (response, status) => responseDoc(Number(status), response, schemaOf)),
    },
  };
}

function parameters(route: Route, schemaOf: SchemaOf): unknown[] {
  const from = (schema: z.ZodType | undefined, where: string) => {
    const { properties = {} } = (schema ? schemaOf(schema) : {}) as { properties?: Record<string, Json> };
    return Object.entries(properties).map(([name, { description, ...rest }]) => {
      const required = where === 'path' && { required: true };
      return { name, in: where, ...required, ...(description !== undefined && { description }), schema: rest };
    });
  };
  const headers = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string', maxLength: 255 },
  }));
  return [...from(route.params, 'path'), ...from(route.query, 'query'), ...headers];
}

/** What any route of this kind may answer. */
const commonTo = (route: Route): RefusalStatus[] => [
  ...(route.body || route.query ? ([400] as const) : []),
  ...(route.scope === 'open' ? [] : ([401, 403, 429] as const)),
  ...(route.body ? ([413, 415] as const) : []),
  500,
];

function refusal(status: RefusalStatus, schemaOf: SchemaOf): Json {
  const { message } = refuse(status).envelope;
  return responseDoc(status, { description: message, data: fault.nullable() }, () => ({
    anyOf: [schemaOf(fault), { type: 'null' }],
  }));
}

function responseDoc(status: number, response: ResponseDoc, schemaOf: SchemaOf): Json {
  const { description, data, example, bare } = response;
  const schema = data ? schemaOf(data) : {};
  if (bare !== undefined) {
    return { description, content: { [bare]: { schema, ...(example !== undefined && { example }) } } };
  }
  const envelope = {
    type: 'object',
    required: ['code', 'message', 'data'],
    properties: { code: { const: status }, message: { const: description }, data: schema },
  };
  const shown = example !== undefined && { example: { code: status, message: description, data: example } };
  return { description, content: { 'application/json': { schema: envelope, ...shown } } };
}

const mapValues = <T, R>(from: Readonly<Record<string, T>>, fn: (value: T, key: string) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(from).map(([key, value]) => [key, fn(value, key)]));
