import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadChannels } from '../src/channel/registry.ts';

/** A folder of channel files, loaded. */
async function load(files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'channels-'));
  try {
    for (const [name, source] of Object.entries(files)) await writeFile(join(folder, name), source);
    return await loadChannels(pathToFileURL(`${folder}/`));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const channel = (name: string) => `export default { name: '${name}', render() {}, send() {} };`;

describe('the registry', () => {
  test('finds every channel of the product, in alphabetical order', async () => {
    const names = [...(await loadChannels()).keys()];
    assert.deepEqual(names, names.toSorted());
    for (const name of ['dingtalk', 'email', 'feishu', 'wechat']) assert.ok(names.includes(name));
  });

  test('reads .ts files only', async () => {
    const found = await load({
      'b.ts': channel('b'),
      'a.ts': channel('a'),
      'a.d.ts': '',
      'README.md': '',
      'c.yaml': '',
    });
    assert.deepEqual([...found.keys()], ['a', 'b']);
  });

  test('refuses a name that differs from its file', async () => {
    await assert.rejects(load({ 'slack.ts': channel('slak') }), /slack\.ts is named 'slak'; rename it 'slack'/);
  });

  test('refuses two channels of one name', async () => {
    await assert.rejects(load({ 'a.ts': channel('a'), 'b.ts': channel('a') }), /a\.ts and b\.ts are both named 'a'/);
  });

  for (const [what, source] of [
    ['nothing', ''],
    ['a named export only', 'export const channel = { name: "x" };'],
    ['a function', 'export default function () {}'],
    ['null', 'export default null;'],
    ['an object without send', 'export default { name: "x", render() {} };'],
  ] as const) {
    test(`refuses a file that exports ${what}`, async () => {
      await assert.rejects(load({ 'x.ts': source }), /x\.ts has no channel as its default export/);
    });
  }
});
