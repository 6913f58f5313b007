import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readFile, readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SECTIONS } from '../src/config/schema.ts';
import { routes } from '../src/http/routes.ts';
import { createMetrics } from '../src/metrics.ts';

const ROOT = new URL('../', import.meta.url);
const READMES = ['README.md', 'README.zh-CN.md'];
const docs = (await readdir(new URL('docs/', ROOT)))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);
const PAGES = [...READMES, 'CHANGELOG.md', 'CONTRIBUTING.md', ...docs];
const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

describe('documents', () => {
  for (const page of PAGES) {
    test(`every link of ${page} leads somewhere`, async () => {
      const lost = await Promise.all(
        linksOf(await read(page)).map(async (link) => ((await resolves(link, page)) ? [] : [link])),
      );
      assert.deepEqual(lost.flat(), []);
    });
  }

  test('generated files are up to date', async () => {
    const script = fileURLToPath(new URL('scripts/generate.ts', ROOT));
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--check']);
    assert.match(stdout, /up to date/);
  });

  test('every test that a guarantee names is there', async () => {
    const text = await read('docs/guarantees.md');
    const proofs = [...text.matchAll(/\]\(\.\.\/(?<file>test\/[^)]+)\) "(?<name>[^"]+)"/g)];
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:Event|---) /.test(line));
    assert.ok(rows.length > 20);
    assert.deepEqual(
      rows.filter((row) => !row.includes('](../test/')),
      [],
      'a promise without a proof',
    );
    const gone = await Promise.all(
      proofs.map(async ({ groups }) =>
        (await read(groups!['file']!)).includes(groups!['name']!) ? [] : [groups!['name']!],
      ),
    );
    assert.deepEqual(gone.flat(), []);
  });

  test('.ci/run runs the README’s own test command', async () => {
    const script = await read('.ci/run');
    assert.match(script, /-oxE 'npm ci && npm test' README\.md/);
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    for (const name of ['test', 'check', 'demo', 'start', 'generate', 'new-channel', 'pushserver'])
      assert.ok(scripts[name], name);
  });
});

for (const page of READMES) {
  describe(page, async () => {
    const text = await read(page);

    test('has the two commands of the first run on lines of their own', () => {
      assert.match(text, /^npm ci && npm run demo$/m);
      assert.match(text, /^npm ci && npm test$/m);
    });

    test('names every key of the configuration with its default', () => {
      const missing = Object.entries(SECTIONS).flatMap(([section, schema]) =>
        Object.entries(schema.shape).flatMap(([key, field]) => {
          const name = `\`${section}.${key}\``;
          const row = text.split('\n').find((line) => line.startsWith('| `') && line.includes(name));
          if (row === undefined) return [name];
          const given: unknown = field.safeParse(undefined).data;
          const shown = typeof given === 'number' || typeof given === 'boolean' || typeof given === 'string';
          return !shown || row.includes(`${given}`) ? [] : [`${name} = ${given}`];
        }),
      );
      assert.deepEqual(missing, []);
    });

    test('names every endpoint with its scope', () => {
      const missing = routes
        .filter((route) => !route.hidden)
        .flatMap(({ method, path, scope }) => {
          const row = text.split('\n').find((line) => line.includes(`\`${method} ${path}\``));
          return row?.includes(scope === 'open' ? '| – |' : `| ${scope} |`) ? [] : [`${method} ${path} (${scope})`];
        });
      assert.deepEqual(missing, []);
    });

    test('names every metric', async () => {
      const metrics = createMetrics({ stats: () => ({ unaccounted: 0, queue_depth: 0, lanes: [] }) });
      const names = [...(await metrics.render()).matchAll(/^# TYPE (pushserver_\w+)/gm)].map(([, name]) => name!);
      assert.ok(names.length >= 10);
      assert.deepEqual(
        names.filter((name) => !text.includes(name)),
        [],
      );
    });

    test('its own push is a push', () => {
      const [, body = ''] = /-d '(\{.*?\n\})'/s.exec(text) ?? [];
      const push = JSON.parse(body) as unknown;
      const schema = routes.find((route) => route.path === '/api/v1/push')!.body!;
      assert.equal(schema.safeParse(push).success, true);
    });
  });
}

/** Targets of Markdown links, without those of code blocks. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
}

/** Whether a link leads to a file, or to a heading, of this repository. Other sites are not asked. */
async function resolves(link: string, page: string): Promise<boolean> {
  if (link.startsWith('https://')) return URL.canParse(link);
  const url = new URL(link, new URL(page, ROOT));
  const found = await access(url).then(
    () => true,
    () => false,
  );
  if (!found || url.hash === '') return found;
  const headings = [...(await readFile(fileURLToPath(url), 'utf8')).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    slug(title!),
  );
  return headings.includes(decodeURIComponent(url.hash.slice(1)));
}

/** The anchor that GitHub gives a heading. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
