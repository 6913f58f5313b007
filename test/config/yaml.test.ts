import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { channels, faultsOf, parse } from './kit.ts';

describe('YAML', () => {
  for (const [text, expected] of [
    ['', 'c.yaml:1: the file is empty'],
    ['# nothing\n', 'c.yaml:1: the file is empty'],
    ['---\n', 'c.yaml:1: the file is empty'],
    ['null', 'c.yaml:1: the file is empty'],
    ['- a', 'c.yaml:1: expected a mapping (key: value) at the top'],
    ['a: {}\n---\nb: {}', 'c.yaml:1: more than one YAML document ("---") in one file'],
    ['server:\n\tport: 1', 'c.yaml:2: not valid YAML: tab characters must not be used in indentation'],
    ['server: {port: 1', 'c.yaml:1: not valid YAML: unexpected end of the stream within a flow collection'],
    ['server:\n  port: 1\n  port: 2', 'c.yaml:3 server.port: this key is already given in line 2'],
    [
      'server:\n  ? [a]\n  : 1',
      'c.yaml:2: not valid YAML: a key must be a single word or text; a value that begins with { must stand in quotes',
    ],
    ['a: &a [*a]', 'c.yaml:1: not valid YAML: an anchor that contains itself'],
    [
      'a: !!int "1"',
      'c.yaml:1: YAML tags ("!name") are not used here; a value that begins with "!" must stand in quotes',
    ],
    [
      'a: !!map [1]',
      'c.yaml:1: YAML tags ("!name") are not used here; a value that begins with "!" must stand in quotes',
    ],
    ['server: {<<: 5}', 'c.yaml:1: not valid YAML: "<<" takes mappings only'],
    ['\0', 'c.yaml:1: not valid YAML: null byte is not allowed in input'],
  ] as const)
    test(JSON.stringify(text), () => assert.deepEqual(faultsOf(text), [expected]));

  test('a duplicate is named beside the other faults', () => {
    assert.deepEqual(faultsOf('fit: {max_parts: 0}\nfit: {}').length, 2);
  });

  test('anchors and merge keys', () => {
    const config = parse(
      [
        'recipients:',
        '  a: &a',
        '    name: x',
        '    platforms:',
        '      feishu:',
        '        webhooks:',
        '          - &bot {url: "https://x/1", secret: s, rate_limit: {per_minute: 5}}',
        '          - {<<: *bot, url: "https://x/2"}',
        '          - {<<: [{url: "https://x/3"}, *bot]}',
        '  b: *a',
        '  c: {<<: *a, name: y}',
      ].join('\n'),
      { channels },
    );
    const urls = (alias: string): unknown[] =>
      config.recipients.get(alias)!.groups[0]!.targets.map((target) => (target.config as { url: string }).url);
    assert.deepEqual(urls('a'), ['https://x/1', 'https://x/2', 'https://x/3']);
    assert.deepEqual(urls('b'), urls('a'));
    assert.equal(config.recipients.get('c')!.name, 'y');
    assert.deepEqual(config.recipients.get('b')!.groups[0]!.targets[2]!.rate_limit, { per_minute: 5 });
    assert.equal(config.recipients.get('b')!.groups[0]!.targets[2]!.alias, 'b');
  });

  test('values of the core schema', () => {
    assert.equal(parse('server: {port: 0x1F90, unix_socket: !!str 5}').server.port, 8080);
    assert.equal(parse('server: {unix_socket: ! 5}').server.unix_socket, '5');
    assert.equal(
      parse(
        'log: {file_path: |-\n   a\n   b\n  }'.replace(
          '{file_path: |-\n   a\n   b\n  }',
          '\n  file_path: |-\n    a\n    b',
        ),
      ).log.file_path,
      'a\nb',
    );
  });
});
