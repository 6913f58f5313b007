import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { dump } from 'js-yaml';
import { loadChannels } from '../../src/channel/registry.ts';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { loadFixture } from '../kit/fixture.ts';
import { run, scratch, writeConfig } from './kit.ts';

const folder = scratch();
const sandbox = await createSandbox();
after(() => sandbox.close());

/** A target of each channel over HTTP, which speaks to its stand-in. */
const targets = await Promise.all(
  [...(await loadChannels()).values()]
    .filter(({ wire }) => wire === undefined)
    .map(async ({ name }) => {
      const { config, sandbox: change } = await loadFixture(name);
      const text = JSON.stringify({ ...config, ...change })
        .replaceAll('$S', sandbox.url)
        .replaceAll('$N', name);
      return [name, JSON.parse(text) as Record<string, unknown>] as const;
    }),
);
const configOf = (platforms: Record<string, unknown>, name: string): string =>
  writeConfig(
    folder,
    dump({ security: { allow_networks: ['127.0.0.0/8'] }, recipients: { everywhere: { platforms } } }),
    name,
  );

describe('test', () => {
  test('reaches every platform, whatever it takes: tokens, templates, limits of an account', async () => {
    const platforms = Object.fromEntries(targets.map(([name, target]) => [name, { targets: [target] }]));
    const { code, out, err } = await run(['test', '-c', configOf(platforms, 'all.yaml')], { cwd: folder });
    assert.equal(err, '');
    for (const [name] of targets) assert.match(out, new RegExp(`^everywhere +${name} +${name}#1 +ok +\\d+$`, 'm'));
    assert.match(out, new RegExp(`^${targets.length} of ${targets.length} targets took the message$`, 'm'));
    assert.equal(code, 0);
    assert.doesNotMatch(out, /LEAKED/);
    const reached = new Set(sandbox.messages().map(({ platform }) => platform));
    assert.deepEqual(
      [...reached].toSorted(),
      targets.map(([name]) => name),
    );
  });

  test('a throttled account is a result for all its targets; nobody waits for its end', async () => {
    const [, target] = targets.find(([name]) => name === 'wecom_app')!;
    const two = ['zhangsan', 'lisi'].map((to_user, i) => ({ ...target, name: `w${i + 1}`, to_user }));
    sandbox.clear();
    sandbox.fault({ platform: 'wecom_app', fault: 'code:45009', times: 10 });
    const config = configOf({ wecom_app: { targets: two } }, 'account.yaml');
    const { code, out } = await run(['test', '--platform', 'wecom_app', '-c', config], { cwd: folder });
    assert.equal(code, 1);
    assert.match(out, /^everywhere +wecom_app +w1 +failed /m);
    assert.match(out, /^everywhere +wecom_app +w2 +failed /m);
    assert.match(out, /^0 of 2 targets took the message$/m);
  });

  test('a partial success is told as such', async () => {
    sandbox.clearFaults();
    const [, target] = targets.find(([name]) => name === 'wecom_app')!;
    const config = configOf({ wecom_app: { targets: [{ ...target, to_user: ['lisi', 'nobody-1'] }] } }, 'partial.yaml');
    const { code, out } = await run(['test', '-c', config], { cwd: folder });
    assert.equal(code, 0);
    assert.match(out, /wecom_app#1 +ok +\d+ +消息发送成功，但 1 个接收人未送达/);
  });
});
