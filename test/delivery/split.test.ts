import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { split } from '../../src/delivery/split.ts';
import type { Format } from '../../src/model.ts';

/** Cuts into pieces of at most `max` UTF-16 units. */
function cutTo(max: number, text: string, format: Format = 'markdown'): readonly string[] {
  const { pieces, cut } = split(text, {
    format,
    maxPieces: 10_000,
    note: '…',
    excess: text.length / max,
    load: (body) => body.length / max,
  });
  assert.ok(!cut);
  for (const piece of pieces) assert.ok(piece.length <= max, `${piece.length} > ${max}`);
  return pieces;
}

/** Filler of words, so that whatever follows it meets the end of the first piece. */
const words = (length: number) =>
  'lorem ipsum '
    .repeat(50)
    .slice(0, length - 1)
    .concat(' ');

describe('what is never cut in Markdown', () => {
  const wholes: readonly (readonly [string, string])[] = [
    ['a link', '[the log of the night](https://logs.example/a?b=c)'],
    ['a link with a title', '[the log](https://logs.example/a "as it was")'],
    ['a link to a place with spaces', '[the log](<https://logs.example/a b c>)'],
    ['a link with parentheses', '[the log](https://logs.example/a_(b)_c)'],
    ['a link by reference', '[the log of the night][the reference]'],
    ['an image', '![a graph of the load](https://logs.example/graph.png)'],
    ['an image in a link', '[![a graph](https://a.example/g.png)](https://a.example/load)'],
    ['an autolink', '<https://logs.example/a/b/c>'],
    ['a bare URL', 'https://logs.example/a/b/c?d=e,f(g)#h'],
    ['a URL of another scheme', 'grafana+https://logs.example/a/b/c'],
    ['a URL with an IPv6 address', 'http://[2001:db8::1]:8080/metrics/of/all'],
    ['a code span', '`kubectl get pods -n kube-system`'],
    ['a code span of two ticks', '``echo `date` and more``'],
    ['a code span over two lines', '`kubectl get pods\n-n kube-system`'],
    ['emphasis', '**do not restart the master**'],
    ['emphasis with a link in it', '**see [the log](https://logs.example/a) now**'],
    ['struck text', '~~it will be back at nine~~'],
    ['an escape', String.raw`\*`],
    ['an entity', '&hellip;'],
    ['a tag', '<font color="warning">'],
  ];
  for (const [what, whole] of wholes) {
    test(what, () => {
      for (let at = 1; at < whole.length; at++) {
        const [first, ...rest] = cutTo(120, `${words(120 - at)}${whole}${words(90)}`);
        assert.ok(!first!.includes(whole) && rest[0]!.includes(whole), `${at}: ${first}|${rest[0]}`);
      }
    });
  }

  test('and is cut all the same when it is longer than a piece: losing it would be worse', () => {
    for (const whole of [
      `[${'the log '.repeat(30)}](https://logs.example/)`,
      `https://logs.example/${'a'.repeat(300)}`,
      `\`${'x '.repeat(200)}\``,
      `**${'bold '.repeat(60)}**`,
    ]) {
      const pieces = cutTo(100, `before ${whole} after`);
      assert.equal(pieces.join(''), `before ${whole} after`);
    }
  });

  test('a link in what has to be cut is still whole', () => {
    const link = '[the log](https://logs.example/a)';
    const pieces = cutTo(100, `**${`${link} and `.repeat(20)}**`);
    assert.equal(pieces.join('').split(link).length, 21);
    for (const piece of pieces) assert.equal(piece.split('[the log]').length, piece.split(link).length);
  });

  test('what only looks like markup does not hold the text together', () => {
    for (const odd of ['`', '[', '](', '**', '<a ', '![', '__']) {
      const text = `${odd}${words(400)}`;
      const pieces = cutTo(100, text);
      assert.ok(pieces.length <= 6, `${odd}: ${pieces.length}`);
      assert.equal(pieces.join(''), text);
    }
  });
});

describe('what is never cut in plain text', () => {
  test('a URL', () => {
    const url = 'https://logs.example/a/b/c?d=e,f(g)#h';
    for (let at = 1; at < url.length; at++) {
      const [first, second] = cutTo(120, `${words(120 - at)}${url}，${words(90)}`, 'text');
      assert.ok(!first!.includes('://') && second!.includes(`${url}，`), `${at}`);
    }
  });

  test('but Markdown means nothing in it', () => {
    const text = `${words(90)}\`${words(60)}\``;
    assert.ok(cutTo(100, text, 'text')[0]!.includes('`'));
  });
});

describe('a code block', () => {
  const code = Array.from({ length: 40 }, (_, i) => `  line ${i};`);

  for (const [open, close] of [
    ['```js', '```'],
    ['~~~', '~~~'],
    ['````md', '````'],
    ['   ```sh -x', '   ```'],
    ['> ```', '> ```'],
  ] as const) {
    test(`that goes on in the next part is closed and opened again: ${open}`, () => {
      const rows = open.startsWith('>') ? code.map((row) => `> ${row}`) : code;
      const pieces = cutTo(120, ['before', open, ...rows, close].join('\n'));
      assert.ok(pieces.length >= 4);
      const seen = pieces.flatMap((piece, i) => {
        const lines = piece.split('\n');
        if (i > 0) assert.equal(lines.shift(), open);
        else assert.deepEqual(lines.splice(0, 2), ['before', open]);
        const end = lines.indexOf(close);
        assert.deepEqual(lines.splice(end), [close]);
        assert.ok(lines.length > 0, 'an empty block');
        return lines;
      });
      assert.deepEqual(seen, rows);
    });
  }

  test('that nobody closed is closed in every part', () => {
    for (const piece of cutTo(100, ['```', ...code].join('\n'))) assert.match(piece, /^```\n[^`]+\n```$/);
  });

  test('in a quote ends with the quote', () => {
    const pieces = cutTo(100, ['> ```', '> code', '', words(300)].join('\n'));
    assert.equal(pieces.join('').split('```').length, 2 + (pieces[0]!.match(/```/g)!.length - 1));
    for (const piece of pieces.slice(1)) assert.ok(!piece.includes('```'));
  });

  test('whose lines are longer than a part is cut in them', () => {
    const line = 'x'.repeat(500);
    const pieces = cutTo(100, `\`\`\`\n${line}\n\`\`\``);
    assert.equal(pieces.map((piece) => /^```\n(x+)\n```$/.exec(piece)![1]).join(''), line);
  });

  test('does not begin where three ticks stood in the middle of a line', () => {
    for (let at = 90; at < 110; at++) {
      for (const piece of cutTo(100, `${words(at)}\`\`\` ${words(90)}`)) assert.doesNotMatch(piece, /^[ \t]*```/m);
    }
  });

  test('gives way when a part has no room for its fences', () => {
    const text = `\`\`\`typescript title="a"\n${words(100)}\n\`\`\``;
    assert.equal(cutTo(12, text).join('').replaceAll('\n', ''), text.replaceAll('\n', ''));
  });
});

// ---- any Markdown ----------------------------------------------------------------------------------------------

const word = fc.constantFrom(
  'load',
  'of',
  '主库',
  '连接数超过阈值。',
  '🔥',
  '👨‍👩‍👧‍👦',
  'é',
  '5*3',
  'a_b',
  '(see)',
  '- ',
  '# ',
);
const tokens = {
  link: fc.integer({ min: 1, max: 9999 }).map((n) => `[log ${n} of the night](https://logs.example/${n})`),
  url: fc.integer({ min: 1, max: 9999 }).map((n) => `https://metrics.example/graph/${n}?from=now`),
  autolink: fc.integer({ min: 1, max: 9999 }).map((n) => `<https://auto.example/${n}>`),
  code: fc.integer({ min: 1, max: 9999 }).map((n) => `\`get pod ${n}\``),
  ticks: fc.integer({ min: 1, max: 9999 }).map((n) => `\`\`a \` b ${n}\`\``),
  bold: fc.integer({ min: 1, max: 9999 }).map((n) => `**down for ${n} s**`),
};
const WHOLE = new RegExp(
  [
    String.raw`\[log \d+ of the night\]\(https://logs\.example/\d+\)`,
    String.raw`https://metrics\.example/graph/\d+\?from=now`,
    String.raw`<https://auto\.example/\d+>`,
    String.raw`\x60get pod \d+\x60`,
    String.raw`\x60\x60a \x60 b \d+\x60\x60`,
    String.raw`\*\*down for \d+ s\*\*`,
  ].join('|'),
  'g',
);
const sentence = fc
  .array(fc.oneof({ weight: 4, arbitrary: word }, ...Object.values(tokens)), { minLength: 1, maxLength: 30 })
  .map((all) => `On ${all.join(' ')}`);
const block = fc
  .tuple(
    fc.constantFrom('```', '````', '~~~'),
    fc.constantFrom('', 'js', 'sh -x'),
    fc.array(
      word.map((w) => `  ${w}`),
      { maxLength: 40 },
    ),
  )
  .map(([marks, info, rows]) => [marks + info, ...rows, marks].join('\n'));
const markdown = fc
  .array(fc.tuple(fc.oneof({ weight: 2, arbitrary: sentence }, block), fc.constantFrom('\n', '\n\n', '\n\n\n')), {
    minLength: 1,
    maxLength: 12,
  })
  .map((all) => all.flat().join(''));

/** Fences and line breaks are what a cut may add and drop. */
const FENCE_LINE = /^(?:`{3,}[^`\n]*|~{3,}[^\n]*)$/gm;
const bare = (text: string) => text.replaceAll(FENCE_LINE, '').replaceAll('\n', '');

/** Whether every block that is opened is closed, as CommonMark reads it. */
function isBalanced(text: string): boolean {
  let open = '';
  for (const line of text.split('\n')) {
    // What opens a block says no backtick behind its backticks (CommonMark 0.31, 4.5).
    const marks = /^ {0,3}(`{3,}(?!.*`)|~{3,})/.exec(line)?.[1] ?? '';
    if (open === '') open = marks;
    else if (marks[0] === open[0] && marks.length >= open.length && line.trim() === marks) open = '';
  }
  return open === '';
}

describe('any Markdown', () => {
  test('is cut into pieces that are the text again, with no block left open and nothing torn', () => {
    fc.assert(
      fc.property(markdown, fc.integer({ min: 80, max: 400 }), (text, max) => {
        const pieces = cutTo(max, text);
        assert.equal(pieces.map(bare).join(''), bare(text));
        for (const piece of pieces) assert.ok(isBalanced(piece), piece);
        assert.deepEqual(
          pieces.flatMap((piece) => piece.match(WHOLE) ?? []),
          text.match(WHOLE) ?? [],
        );
      }),
      { numRuns: 300 },
    );
  });

  test('or any text at all, in parts of any length: nothing is lost, no character is split', () => {
    const scraps = fc.constantFrom(
      '`',
      '```',
      '~~~',
      '\n',
      '[',
      '](',
      ')',
      '**',
      '\\',
      '<',
      '>',
      '&',
      'a',
      ' ',
      '主',
      '👨‍👩‍👧‍👦',
      'x://y',
    );
    const texts = fc.array(fc.oneof(scraps, fc.string({ unit: 'grapheme', maxLength: 20 })), { maxLength: 150 });
    const formats = fc.constantFrom('text' as const, 'markdown' as const);
    fc.assert(
      fc.property(texts, fc.integer({ min: 40, max: 200 }), formats, (all, max, format) => {
        const text = all.join('').replaceAll(/[\r\u200b]/g, '');
        const pieces = cutTo(max, text, format);
        for (const piece of pieces) assert.ok(piece.isWellFormed());
        if (format === 'text') {
          assert.equal(pieces.join('').replaceAll('\n', ''), text.replaceAll('\n', ''));
          return;
        }
        for (const piece of pieces) assert.ok(isBalanced(piece) || pieces.length === 1, piece);
        const letters = (said: string) => said.replaceAll(/[`~\s\u200b>]/g, '');
        assert.ok(letters(pieces.join('')).length >= letters(text).length);
      }),
      { numRuns: 300 },
    );
  });
});
