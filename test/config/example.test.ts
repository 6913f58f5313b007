import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { dump, load } from 'js-yaml';
import { z } from 'zod';
import { loadChannels } from '../../src/channel/registry.ts';
import { parseConfig } from '../../src/config.ts';

const ROOT = new URL('../../', import.meta.url);
const EXAMPLE = readFileSync(new URL('config/config.yaml.example', ROOT), 'utf8');

type Target = Readonly<Record<string, unknown>>;
type Group = Readonly<Record<string, readonly Target[]>>;
interface Example {
  readonly recipients: Readonly<Record<string, { readonly platforms: Readonly<Record<string, Group>> }>>;
}

const channels = await loadChannels();
const [before, block = ''] = EXAMPLE.split('  # every_platform:\n');
const inUse = load(before!) as Example;
/** The examples as they are once somebody has removed the `# `. */
const all = load(`${before}  every_platform:\n${block.replaceAll(/^ {2}# ?/gm, '  ')}`) as Example & Target;

/** Secrets that have a form; any text will do for the others. */
const SECRETS: Readonly<Record<string, string>> = {
  TELEGRAM_TOKEN: '123456:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr',
  PUSHOVER_TOKEN: 'a'.repeat(30),
  PUSHOVER_USER: 'u'.repeat(30),
  PUSHPLUS_TOKEN: '0123456789abcdef'.repeat(2),
  SERVERCHAN_KEY: 'SCT123456TabcdefGHIJKL',
  WXPUSHER_TOKEN: `AT_${'a'.repeat(32)}`,
  PAGERDUTY_KEY: 'R'.repeat(32),
  OPSGENIE_KEY: '01234567-89ab-4cde-8f01-23456789abcd',
  TWILIO_TOKEN: '0123456789abcdef'.repeat(2),
};

describe('config.yaml.example', () => {
  const { platforms } = all.recipients['every_platform']!;

  test('has its examples at the end, and none of them in use', () => {
    assert.deepEqual(Object.keys(inUse.recipients), ['ops_alert']);
    assert.match(EXAMPLE, /^ {2}# -{4} example targets: begin -{4}$[\s\S]*^ {2}# -{4} example targets: end -{4}\n$/m);
  });

  test('has an example of every platform, and of no other', () => {
    const shown = [...Object.keys(inUse.recipients['ops_alert']!.platforms), ...Object.keys(platforms)];
    assert.deepEqual(
      [...channels.keys()].filter((name) => !shown.includes(name)),
      [],
      'a channel needs an example target at the end of config/config.yaml.example',
    );
    const known = readdirSync(new URL('src/sandbox/platforms/', ROOT)).map((file) => file.replace(/\.ts$/, ''));
    assert.deepEqual(shown.toSorted(), [...new Set(shown)].toSorted(), 'one example each');
    assert.deepEqual(
      shown.filter((name) => !known.includes(name)),
      [],
    );
  });

  for (const [name, { config }] of channels) {
    test(`the target of ${name} has every key that is required`, () => {
      const { ops_alert, every_platform } = all.recipients;
      const group = every_platform!.platforms[name] ?? ops_alert!.platforms[name] ?? {};
      const [target = {}] = Object.values(group).find((list) => Array.isArray(list)) ?? [];
      const { required = [] } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
      const given = { ...(all[name] as Target | undefined), ...target };
      assert.deepEqual(
        required.filter((key) => !Object.hasOwn(given, key)),
        [],
      );
    });

    test(`the target of ${name} is valid`, () => {
      const own = platforms[name];
      const recipients = own === undefined ? inUse.recipients : { a: { platforms: { [name]: own } } };
      const text = dump({ ...all, recipients });
      const env = Object.fromEntries(
        [...text.matchAll(/\$\{(\w+)\}/g)].map(([, key]) => [key!, SECRETS[key!] ?? 'value-of-a-secret-1']),
      );
      // The example's name for a file that nobody has.
      const withoutFiles = text.replaceAll(/ca_file: .*/g, 'insecure: false');
      parseConfig(withoutFiles, { file: 'config.yaml.example', env, channels });
    });
  }
});
