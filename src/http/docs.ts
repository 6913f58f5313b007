import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Answer } from './envelope.ts';
import { refuse } from './envelope.ts';
import { defineRoute } from './route.ts';

/** Nothing from elsewhere and nothing inline, but for the data: pictures in Swagger UI's style sheet. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PushServer API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** The page has no inline script, so that the policy need not allow one. */
const START = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
});
`;

/** The only files that are served; a name from the URL never becomes a path. */
const FILES: ReadonlyMap<string, { readonly type: string; readonly own?: string }> = new Map([
  ['start.js', { type: 'text/javascript; charset=utf-8', own: START }],
  ['swagger-ui-bundle.js', { type: 'text/javascript; charset=utf-8' }],
  ['swagger-ui.css', { type: 'text/css; charset=utf-8' }],
  ['favicon-32x32.png', { type: 'image/png' }],
]);

export const docs = defineRoute({
  method: 'GET',
  path: '/docs',
  scope: 'read',
  browser: true,
  tag: 'operations',
  summary: 'This document as a page',
  description: '接口文档页面（Swagger UI，不使用 CDN）',
  responses: { 200: { description: '页面', bare: 'text/html', data: z.string() } },
  handle: () => ({
    status: 200,
    type: 'text/html; charset=utf-8',
    content: PAGE,
    headers: { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer', 'X-Frame-Options': 'DENY' },
  }),
});

export const docsFile = defineRoute({
  method: 'GET',
  path: '/docs/:file',
  scope: 'read',
  browser: true,
  tag: 'operations',
  summary: 'A file of the page',
  description: '接口文档页面的文件',
  hidden: true,
  params: z.object({ file: z.string() }),
  responses: { 200: { description: '文件' } },
  async handle({ params }): Promise<Answer> {
    const file = FILES.get(params.file);
    if (file === undefined) return refuse(404);
    const content = file.own ?? (await readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${params.file}`))));
    return { status: 200, type: file.type, content, headers: { 'Cache-Control': 'private, max-age=3600' } };
  },
});
