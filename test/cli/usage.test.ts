import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { run, scratch } from './kit.ts';

const COMMANDS = ['serve', 'check', 'test', 'send', 'demo', 'sandbox'];

describe('command line', () => {
  test('every command has help with examples', async () => {
    const [all, ...each] = await Promise.all([run(['--help']), ...COMMANDS.map((name) => run([name, '--help']))]);
    assert.equal(all.code, 0);
    for (const [i, name] of COMMANDS.entries()) {
      assert.match(all.out, new RegExp(`^  ${name} `, 'm'));
      assert.equal(each[i]!.code, 0);
      assert.match(each[i]!.out, new RegExp(`Examples:\n.*pushserver ${name}`));
    }
  });

  test('a wrong call is told in a few lines and ends with 2', async () => {
    const wrong = [
      [[], /Usage: pushserver/],
      [['chek'], /unknown command 'chek'\n\(Did you mean check\?\)/],
      [['send', 'ops'], /missing required argument 'title'/],
      [['send', 'ops', 't', 'm', '--strategy', 'none'], /Allowed choices are all, failover/],
      [['send', 'ops', 't', 'm', '--priority', '10'], /whole number from 0 to 9/],
      [['send', 'ops', 't', 'm', '--field', 'x'], /Expected name=value/],
      [['check', '--confg', 'x'], /unknown option '--confg'\n\(Did you mean --config\?\)/],
      [['sandbox', '--port', '70000'], /whole number from 0 to 65535/],
    ] as const;
    const runs = await Promise.all(wrong.map(([words]) => run(words)));
    for (const [i, { code, out, err }] of runs.entries()) {
      assert.equal(code, 2, err);
      assert.equal(out, '');
      assert.match(err, wrong[i]![1]);
      assert.doesNotMatch(err, /^\s+at /m);
    }
  });

  test('the version is that of the package', async () => {
    const { code, out } = await run(['--version']);
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });

  test('a missing configuration is one line that says what to do', async () => {
    const cwd = scratch();
    const runs = await Promise.all(['serve', 'check', 'test'].map((name) => run([name], { cwd })));
    for (const { code, out, err } of runs) {
      assert.equal(code, 1);
      assert.equal(out, '');
      assert.match(err, /^config\/config\.yaml: .*cp config\/config\.yaml\.example config\/config\.yaml\n$/);
    }
  });
});
