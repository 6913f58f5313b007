import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faultsOf, parse } from './kit.ts';

describe('auth', () => {
  const hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

  test('a token is kept as its SHA-256', () => {
    const { tokens } = parse(
      `auth:\n  tokens:\n    - {name: a, token: test-token}\n    - {name: b, token_sha256: ${hash.toUpperCase()}, scopes: [read, admin]}`,
    ).auth;
    assert.deepEqual(tokens, [
      { name: 'a', token_sha256: '4c5dc9b7708905f77f5e5d16316b5dfb425e68cb326dcd55a860e90a7707031e', scopes: ['push'] },
      { name: 'b', token_sha256: hash, scopes: ['read', 'admin'] },
    ]);
  });

  for (const [entries, expected] of [
    ['[{name: a, token: short}]', 'auth.tokens[0].token: expected 8 to 512 visible ASCII characters, got other text'],
    [
      '[{name: a, token: 密码密码密码密码}]',
      'auth.tokens[0].token: expected 8 to 512 visible ASCII characters, got other text',
    ],
    ['[{name: a, token: 1234567890}]', 'auth.tokens[0].token: expected text, got a number (put it in quotes)'],
    ['[{name: a}]', 'auth.tokens[0]: expected either token or token_sha256'],
    ['[{token: abcdefgh}]', 'auth.tokens[0].name: missing; expected text'],
    ['[{name: a, token: abcdefgh, scopes: []}]', 'auth.tokens[0].scopes: expected at least 1 entry, got a list'],
    [
      '[{name: a, token: abcdefgh, scopes: [all]}]',
      'auth.tokens[0].scopes[0]: expected one of push, read, admin, got "all"',
    ],
    [
      '[{name: a, token: abcdefgh}, {name: a, token: hgfedcba}]',
      'auth.tokens[1].name: is already the name of auth.tokens[0]',
    ],
    [
      '[{name: a, token: abcdefgh}, {name: b, token: abcdefgh}]',
      'auth.tokens[1]: has the same token as auth.tokens[0]',
    ],
    [
      `[{name: a, token_sha256: "${hash}0"}]`,
      'auth.tokens[0].token_sha256: expected the 64 hexadecimal digits of a SHA-256, got other text',
    ],
  ] as const)
    test(expected, () => assert.deepEqual(faultsOf(`auth: {tokens: ${entries}}`), [`c.yaml:1 ${expected}`]));

  test('without tokens only loopback and a unix socket are taken', () => {
    for (const host of ['localhost', '127.0.0.1', '127.8.0.1', '"::1"', 'LOCALHOST']) parse(`server: {host: ${host}}`);
    parse('server: {host: 0.0.0.0, unix_socket: /run/p.sock}');
    parse('server: {host: 0.0.0.0}\nauth: {tokens: [{name: a, token: abcdefgh}]}');
    for (const host of ['0.0.0.0', '"::"', '10.0.0.1', 'example.com', 'localhost.example.com', '127.0.0.1.example.com'])
      assert.match(faultsOf(`server: {host: ${host}}`).join('\n'), /auth\.tokens.*auth\.allow_anonymous/);
  });
});
