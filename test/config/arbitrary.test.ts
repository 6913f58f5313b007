import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ConfigError } from '../../src/config/fault.ts';
import { faultsOf, parse } from './kit.ts';

describe('arbitrary text', () => {
  const accepts = (text: string, env: Record<string, string> = {}): void => {
    try {
      parse(text, { env });
    } catch (error) {
      assert.ok(error instanceof ConfigError, `${JSON.stringify(text)} gave ${String(error)}`);
      assert.ok(error.faults.length > 0);
      // oxlint-disable-next-line no-control-regex -- they are what is looked for
      assert.doesNotMatch(error.message, /[\x00-\x09\x0b-\x1f\x7f]/);
    }
  };

  test('never throws anything but a ConfigError', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => accepts(text)));
  });

  test('nor do pieces of YAML', () => {
    const pieces = [
      'server:',
      'recipients:',
      'port: ',
      'a:',
      '- ',
      '  ',
      '\n',
      '\n  ',
      '\n    ',
      '${A}',
      '$${',
      '${',
      '}',
      '{',
      '[',
      ']',
      ',',
      '&a ',
      '*a',
      '<<: ',
      '!x ',
      '!!str ',
      '? ',
      '"',
      "'",
      '|',
      '>',
      '---',
      '...',
      '# ',
      '\t',
      '\r',
      '\ufeff',
      '\0',
      '\ud800',
      'off',
      'null',
      '~',
      '.nan',
      '-.inf',
      '0x1F',
      '1e999',
      'true',
      'name: ',
      'platforms:',
      'feishu:',
      'webhooks:',
      'url: ',
      'url_file: ',
      'system:',
      '__proto__: ',
      'constructor: ',
      'email:',
      '%YAML 1.2\n',
      '"\\ud800": ',
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (one) => accepts(one)),
      { numRuns: 3000 },
    );
  });

  test('nor does any JSON under any section, nor any variable', () => {
    const sections = fc.constantFrom('server', 'auth', 'log', 'system', 'email', 'recipients', 'app', '__proto__');
    fc.assert(fc.property(sections, fc.json(), (name, json) => accepts(`${name}: ${json}`)));
    const words = fc.constantFrom(
      'SERVER',
      'AUTH',
      'RECIPIENTS',
      'TOKENS',
      '0',
      '1',
      'A',
      'PLATFORMS',
      'APP',
      '',
      'NAME',
      '__PROTO__',
    );
    const name = fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => `PUSHSERVER_${parts.join('__')}`);
    fc.assert(
      fc.property(name, fc.string(), (key, value) =>
        accepts('recipients: {a: {platforms: {app: }}}', { [key]: value }),
      ),
    );
  });

  test('anchors cannot blow it up', () => {
    const lines = ['a: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 10; i++)
      lines.push(
        `b${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    assert.match(faultsOf(lines.join('\n'))[0]!, /anchors repeat more than 1000000 values/);
    assert.match(faultsOf(`a: ${'['.repeat(10_000)}`)[0]!, /nesting/);
  });
});
