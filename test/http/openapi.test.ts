import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openapiDocument } from '../../src/http/openapi.ts';
import { routes } from '../../src/http/routes.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly security?: unknown;
  readonly parameters: readonly { name: string; in: string; required?: true; schema: { type?: string } }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, { description: string; content?: unknown }>>;
}

const document = JSON.parse(JSON.stringify(openapiDocument(routes, '1.0.0'))) as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
};
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
);

describe('the document', () => {
  test('is OpenAPI 3.1 and has every route that is not hidden', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(
      operations.map((one) => `${one.method.toUpperCase()} ${one.path}`).toSorted(),
      routes
        .filter((route) => !route.hidden)
        .map((route) => `${route.method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`)
        .toSorted(),
    );
  });

  test('every reference resolves, and nothing points elsewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
    assert.ok(references.length > 10);
    for (const reference of references) {
      assert.match(reference, /^#\/components\/schemas\/\w+$/);
      assert.ok(document.components.schemas[reference.split('/').at(-1)!], reference);
    }
    assert.doesNotMatch(JSON.stringify(document), /\$defs/);
  });

  test('operations have names of their own and say in two languages what they do', () => {
    assert.equal(new Set(operations.map((one) => one.operationId)).size, operations.length);
    for (const { operationId, summary, description } of operations) {
      assert.match(operationId, /^\w+$/);
      assert.match(summary, /^[A-Z][ -~]+$/);
      assert.match(description, /\p{Script=Han}|OpenAPI|Prometheus/u);
    }
  });

  test('every parameter of a path is declared, and every parameter has a type', () => {
    for (const { path, parameters } of operations) {
      const inPath = parameters.filter((one) => one.in === 'path');
      assert.deepEqual(
        inPath.map((one) => `{${one.name}}`),
        path.match(/\{\w+\}/g) ?? [],
      );
      for (const one of inPath) assert.equal(one.required, true);
      for (const one of parameters) assert.ok(one.schema.type, `${path} ${one.name}`);
    }
  });

  test('what is not open says how to be let in, and what happens otherwise', () => {
    for (const { path, security, responses } of operations) {
      const isOpen = path === '/health' || path === '/ready';
      assert.equal(security === undefined, isOpen);
      for (const status of ['401', '403', '429']) assert.equal(responses[status] === undefined, isOpen);
      assert.ok(responses['200']);
      assert.ok(responses['500']);
    }
  });

  test('examples hold to their schemas', () => {
    for (const route of routes) {
      for (const [status, { data, example }] of Object.entries(route.responses)) {
        if (data === undefined || example === undefined) continue;
        const checked = data.safeParse(example);
        assert.ok(checked.success, `${route.path} ${status}: ${checked.error?.message}`);
      }
      for (const example of Object.values(route.examples ?? {})) assert.ok(route.body!.safeParse(example).success);
    }
  });

  test('is the same every time', () => {
    assert.equal(JSON.stringify(openapiDocument(routes, '1.0.0')), JSON.stringify(document));
  });
});
