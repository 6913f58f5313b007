import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { launch, ROOT, type Run, scratch, type Start } from './kit.ts';

const BIN = 'bin/pushserver.js';
/** Makes the Node that runs the file say that it is an old one. */
const OLD = ['--import', 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.11.0"}})'];

/** A place where only the launcher and what it reads are. */
function installation(files: Readonly<Record<string, string>> = {}, below = ''): string {
  const root = join(scratch(), below);
  for (const name of [BIN, 'package.json']) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  const all = { 'node_modules/commander/package.json': '{}', ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
    chmodSync(join(root, name), 0o755);
  }
  return root;
}

const node = (words: readonly string[], options?: Start): Run => launch(process.execPath, words, options);

const PINNED = 'node_modules/.bin/node';

describe('bin/pushserver.js', () => {
  test('runs the command line with the pinned Node', async () => {
    const old = node([...OLD, join(ROOT, BIN), 'check', '--config', 'config/demo.yaml']);
    assert.equal(await old.ended, 0, old.err());
    assert.match(old.out(), /config\/demo\.yaml is valid/);
  });

  test('hands arguments, exit code and signals on', async () => {
    const script =
      '#!/bin/sh\necho "$@"\n[ "$2" = wait ] || exit 7\ntrap "exit 9" TERM\necho ready\nwhile :; do read -r _; done\n';
    const root = installation({ [PINNED]: script });
    const told = node([...OLD, join(root, BIN), 'check', 'a b']);
    assert.equal(await told.ended, 7);
    assert.equal(told.out(), `${join(root, 'src/main.ts')} check a b\n`);

    const killed = node([...OLD, join(root, BIN), 'wait']);
    await killed.until(/ready/);
    killed.process.kill('SIGTERM');
    assert.equal(await killed.ended, 9);
  });

  test('a child that dies of a signal looks the same from outside', async () => {
    const root = installation({ [PINNED]: '#!/bin/sh\nkill -KILL $$\n' });
    assert.equal(await node([...OLD, join(root, BIN)]).ended, 'SIGKILL');
  });

  test('without a pinned Node the one at hand is used, if it is new enough', async () => {
    const root = installation({
      'src/main.ts': 'const words: string[] = process.argv.slice(2);\nprocess.stdout.write(words.join());\n',
    });
    const run = node([join(root, BIN), 'a', 'b']);
    assert.equal(await run.ended, 0);
    assert.equal(run.out(), 'a,b');
  });

  test('says in words what is missing', async () => {
    const bare = installation();
    // As where it was made for another C library.
    const broken = installation({ [PINNED]: '#!/nowhere/ld.so\n' });
    const without = join(scratch(), 'x');
    cpSync(join(ROOT, BIN), join(without, BIN));
    cpSync(join(ROOT, 'package.json'), join(without, 'package.json'));
    const inside = installation({}, 'node_modules/pushserver');
    const cases = [
      [
        [...OLD, join(bare, BIN)],
        /^pushserver: PushServer needs Node\.js 24\.18 or newer, this is 20\.11\.0, .*\n.*(npm ci|nodejs\.org)/,
      ],
      [[...OLD, join(broken, BIN)], /needs Node\.js 24\.18 or newer/],
      [[join(without, BIN)], /^pushserver: the packages are not installed; run: cd .* && npm ci\n$/],
      [[join(inside, BIN)], /^pushserver: .*not from node_modules.*\n.*npm ci/],
    ] as const;
    for (const [words, message] of cases) {
      const run = node(words);
      assert.equal(await run.ended, 1, run.err());
      assert.match(run.err(), message);
      assert.doesNotMatch(run.err(), /^\s+at /m);
    }
  });
});
