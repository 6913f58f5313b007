import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadCatalogue } from '../src/config/channels.ts';
import { parseConfig } from '../src/config.ts';
import { createIo } from './kit/channel-io.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const text = await readFile(join(ROOT, 'docs/adding-a-channel.md'), 'utf8');
/** The files of the tutorial: a path in bold, and the code block below it. */
const files = new Map(
  [...text.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n(.*?)^```$/gms)].map(([, path, code]) => [path!, code!] as const),
);
const THREE = ['src/channels/acme.ts', 'src/sandbox/platforms/acme.ts', 'test/channels/acme.yaml'];

const copy = await mkdtemp(join(tmpdir(), 'pushserver-tutorial-'));
after(() => rm(copy, { recursive: true, force: true }));

let before: ReadonlyMap<string, string> = new Map();

/** Each step goes on from the one before. */
describe('docs/adding-a-channel.md', () => {
  test('is followed in a copy of the project', async () => {
    for (const part of ['src', 'test', 'scripts', 'docs', 'config', 'package.json', 'tsconfig.json', 'openapi.json'])
      await cp(join(ROOT, part), join(copy, part), { recursive: true });
    for (const page of ['README.md', 'README.zh-CN.md']) await cp(join(ROOT, page), join(copy, page));
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
    // Whatever was out of date before is not this channel's doing.
    await node('scripts/generate.ts');
    before = await hashes();
    assert.deepEqual([...files.keys()].toSorted(), ['channels/pager.ts', ...THREE]);
  });

  test('new-channel refuses what is no name, naming the rule', async () => {
    for (const name of ['Acme', 'acme-1', '1acme', 'a'.repeat(41), ''])
      assert.match(
        await failureOf('scripts/new-channel.ts', name),
        /cannot be the name of a channel: a lower-case letter/,
      );
    assert.match(await failureOf('scripts/new-channel.ts', 'queue'), /section of the configuration/);
    assert.match(await failureOf('scripts/new-channel.ts', 'feishu'), /nothing was written: .*feishu\.ts/);
    assert.match(await failureOf('scripts/new-channel.ts'), /usage: npm run new-channel NAME/);
    assert.deepEqual(await hashes(), before);
  });

  test('new-channel writes three files that keep the laws of all channels, and overwrites none', async () => {
    assert.match(await node('scripts/new-channel.ts', 'acme'), /written: src\/channels\/acme\.ts/);
    assert.deepEqual(await changes(), THREE);
    await proves('channel acme$', 'test/conformance.test.ts');
    await proves('^acme, ', 'test/cases/every-channel.test.ts');
    const written = await hashes();
    await rm(join(copy, THREE[0]!));
    assert.match(await failureOf('scripts/new-channel.ts', 'acme'), /nothing was written/);
    written.delete(THREE[0]!);
    assert.deepEqual(await hashes(), written);
  });

  test('its own three files keep them, and a push travels to the stand-in', async () => {
    for (const path of THREE) await writeFile(join(copy, path), files.get(path)!);
    await proves('channel acme$', 'test/conformance.test.ts');
    await proves('^acme, ', 'test/cases/every-channel.test.ts');
    await proves('imports only what its row|only the loaders', 'test/architecture.test.ts');
  });

  test('no other line has changed, but for the platforms tables that are generated', async () => {
    assert.deepEqual(await changes(), THREE);
    await node('scripts/generate.ts');
    assert.deepEqual(await changes(), ['README.md', 'README.zh-CN.md', ...THREE]);
    for (const page of ['README.md', 'README.zh-CN.md']) {
      const [old, now] = await Promise.all([ROOT, copy].map((folder) => readFile(join(folder, page), 'utf8')));
      const rest = (whole: string) => whole.replace(/(<!-- platforms: .*-->\n)[\s\S]*(<!-- \/platforms -->)/, '$1$2');
      assert.equal(rest(now!), rest(old!));
      assert.match(
        now!,
        /^\| \[[^\]]+\]\(https:\/\/docs\.acme\.example\/bots\) \| `acme` \| `text`.*`token` `room` `base_url`\? \|$/m,
      );
    }
  });

  test('its code has no type error', async () => {
    const kit = `'${join(copy, 'src/channel/kit.ts')}'`;
    await mkdir(join(copy, 'scripts/outside'));
    const pager = files.get('channels/pager.ts')!.replace(/'[^']*\/src\/channel\/kit\.ts'/, kit);
    await writeFile(join(copy, 'scripts/outside/pager.ts'), pager);
    const config = {
      extends: './tsconfig.json',
      include: [],
      files: [...THREE.slice(0, 2), 'scripts/outside/pager.ts'],
    };
    await writeFile(join(copy, 'tutorial.json'), JSON.stringify(config));
    await node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tutorial.json');
  });

  test('the channel outside the project is one', async () => {
    const yaml = [...text.matchAll(/^```yaml\n(channels:.*?)^```$/gms)][0]![1]!;
    const options = {
      file: join(copy, 'outside/config.yaml'),
      env: { PAGER_URL: 'https://pager.example.com/key-of-mine' },
    };
    const path = join(dirname(options.file), 'channels/pager.ts');
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, files.get('channels/pager.ts')!);
    const { own, broken, channels } = await loadCatalogue(yaml, options);
    assert.deepEqual([own, broken], [['pager'], []]);
    const target = parseConfig(yaml, { ...options, channels }).recipients.get('oncall')!.groups[0]!.targets[0]!;
    const pager = channels.get('pager')!;
    const asked: string[] = [];
    const io = createIo(({ url, body }) => {
      asked.push(`${url} ${body}`);
      return Promise.resolve({ status: 200, headers: {}, body: '{"code":7,"message":"no such rota"}' });
    });
    const message = { title: 'a', body: 'b', level: 'info', style: 'text', format: 'text' } as const;
    const outcome = await pager.send(pager.render(message, target.config, io.now(), io.id), target.config, io);
    assert.deepEqual(asked, ['https://pager.example.com/key-of-mine {"text":"a\\nb"}']);
    assert.equal(!outcome.ok && outcome.kind, 'unauthorized');
  });
});

/** The channel's tests in the copy; all of them pass, and there are some. */
async function proves(pattern: string, file: string): Promise<void> {
  const told = await run(process.execPath, ['--test', '--test-reporter=tap', `--test-name-pattern=${pattern}`, file]);
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(told)?.[1]);
  assert.ok(count('pass') > 0, told);
  assert.deepEqual([count('fail'), count('skipped')], [0, 0], told);
}

const node = (...words: string[]): Promise<string> => run(process.execPath, words);

/** What a program prints; rejects with all of it when it fails. */
function run(program: string, words: readonly string[]): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(program, [...words], { cwd: copy, env, maxBuffer: 50_000_000 }, (error, out, err) => {
      if (error === null) resolve(out);
      else reject(new Error(`${words.join(' ')}\n${out}\n${err}`));
    });
  });
}

async function failureOf(...words: string[]): Promise<string> {
  return node(...words).then(
    (out) => assert.fail(`it did not fail: ${out}`),
    (error: unknown) => String(error),
  );
}

/** By path, of every file of the copy. */
async function hashes(): Promise<Map<string, string>> {
  const entries = await readdir(copy, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = paths.map(async (path) => {
    const hash = createHash('sha256').update(await readFile(path));
    return [path.slice(copy.length + 1).replaceAll('\\', '/'), hash.digest('hex')] as const;
  });
  return new Map((await Promise.all(found)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Files that are new, gone or different. */
async function changes(): Promise<string[]> {
  const now = await hashes();
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .toSorted();
}
