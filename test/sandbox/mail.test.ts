import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeWords } from '../../src/sandbox/mail-words.ts';
import { readMail } from '../../src/sandbox/platforms/email/mail.ts';

const mail = (...lines: readonly string[]) => readMail(Buffer.from(lines.join('\r\n'), 'utf8'));

describe('encoded words', () => {
  const cases: Record<string, [encoded: string, plain: string]> = {
    Base64: ['=?utf-8?B?5ZGK6K2m?=', '告警'],
    'quoted-printable with blanks': ['=?UTF-8?q?a_b=20=E5=91=8A?=', 'a b 告'],
    'a blank between two words vanishes': ['=?utf-8?B?5ZGK?= =?utf-8?B?6K2m?=', '告警'],
    'a character split over two words': ['=?utf-8?B?5ZE=?= =?utf-8?B?iuitpg==?=', '告警'],
    'text around a word stays': ['Re: =?utf-8?B?5ZGK?= !', 'Re: 告 !'],
    'GB 18030': ['=?gb2312?B?uOa+rw==?=', '告警'],
    'an unknown charset': ['=?x-none?Q?abc?=', 'abc'],
    'nothing to decode': ['a =? b', 'a =? b'],
  };
  for (const [name, [encoded, plain]] of Object.entries(cases)) {
    test(name, () => assert.equal(decodeWords(encoded), plain));
  }
});

describe('mails', () => {
  test('plain text in raw UTF-8, folded header', () => {
    const read = mail('Subject: a', ' b', 'To: "X, Y" <x@x.example>, z@x.example', '', '告警', 'second');
    assert.equal(read.subject, 'a b');
    assert.deepEqual(read.to, ['"X, Y" <x@x.example>', 'z@x.example']);
    assert.equal(read.text, '告警\nsecond');
    assert.equal(read.html, undefined);
  });

  test('alternatives, Base64 and quoted-printable', () => {
    const read = mail(
      'Content-Type: multipart/alternative; boundary="b 1"',
      '',
      'preamble',
      '--b 1',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '=E5=91=8A=E8=AD=A6 a=3Db =',
      'end ',
      '--b 1',
      'Content-Type: text/html; charset=utf-8',
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from('<p>告警</p>').toString('base64'),
      '--b 1--',
      'epilogue',
    );
    assert.equal(read.text, '告警 a=b end');
    assert.equal(read.html, '<p>告警</p>');
  });

  test('a page alone gives its words', () => {
    const html = '<head><title>t</title></head><style>p{}</style><p>a &amp; b</p><p>c<br>d</p>';
    assert.equal(mail('Content-Type: text/html', '', html).text, 'a & b\nc\nd');
  });

  test('a charset of the part, and one that nobody knows', () => {
    const gb = Buffer.concat([
      Buffer.from('Content-Type: text/plain; charset=gbk\r\n\r\n'),
      Buffer.from([0xb8, 0xe6, 0xbe, 0xaf]),
    ]);
    assert.equal(readMail(gb).text, '告警');
    assert.equal(mail('Content-Type: text/plain; charset=none', '', 'abc').text, 'abc');
  });

  test('attachments are not text', () => {
    const read = mail(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      'Content-Disposition: attachment; filename=a.txt',
      '',
      'attached',
      '--b',
      'Content-Type: text/plain',
      '',
      'body',
      '--b--',
    );
    assert.equal(read.text, 'body');
  });

  test('nesting without end is cut off, and odd input does not throw', () => {
    const nested = Array.from({ length: 50 }, (_, i) => [
      `Content-Type: multipart/mixed; boundary=b${i}`,
      '',
      `--b${i}`,
    ]).flat();
    assert.equal(mail(...nested, '', 'x').text, '');
    for (const source of ['', '\r\n', ':', 'Content-Type: multipart/mixed; boundary=', 'a'.repeat(10_000)])
      mail(source);
    assert.equal(mail('no colon', 'Subject: s', '', 'x').subject, 's');
  });
});
