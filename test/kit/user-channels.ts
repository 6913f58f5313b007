import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { parseConfig } from '../../src/config.ts';
import { loadCatalogue } from '../../src/config/channels.ts';

/** A channel as a user would write it. */
export const channel = (name: string, more = ''): string => `
export default ({ z, defineHttpChannel, postJson, classifyByCode, plainText, webhookUrl, webhookKey, rule }) =>
  defineHttpChannel({
    name: '${name}',
    label: { en: 'Pager', zh: '寻呼' },
    docs: 'https://pager.example/docs',
    config: z.strictObject({ url: webhookUrl() }),
    capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
    limits: {
      size: [{ of: 'text', max: 500, unit: 'bytes' }],
      title: { max: 50, unit: 'chars' },
      rate: { per_minute: 30 },
      throttle: { base: 60, max: 600 },
    },
    credential: ({ url }) => webhookKey(url),
    render: (message) => ({ text: plainText(message) }),
    request: (payload, { url }) => postJson(url, payload),
    classify: classifyByCode('errcode', 'errmsg', { 1: rule('unauthorized', '检查 url', 'Check url.') }),
    ${more}
  });
`;

/** A folder with these files below it, removed at the end. */
export function world(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'pushserver-own-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The channels of a configuration in such a folder; `parse` reads the configuration itself. */
export async function load(files: Readonly<Record<string, string>>, yaml: string, env: Record<string, string> = {}) {
  const folder = world(files);
  const options = { file: join(folder, 'config.yaml'), env };
  const catalogue = await loadCatalogue(yaml, options);
  return { folder, ...catalogue, parse: () => parseConfig(yaml, { ...options, channels: catalogue.channels }) };
}
