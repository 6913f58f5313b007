/**
 * Draws message text. Everything that came over the wire is put on the page as text nodes; no message ever becomes
 * markup, and only http and https links can be followed.
 */

/** @returns an element with these children; strings become text */
export function el(tag, className = '', ...children) {
  const node = document.createElement(tag);
  if (className !== '') node.className = className;
  node.append(...children.filter((child) => child !== undefined && child !== ''));
  return node;
}

export function link(text, url) {
  const node = el('a', '', text);
  if (!/^https?:\/\//i.test(url)) return el('span', '', text);
  node.href = url;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
  return node;
}

/** Plain text: line breaks are kept by the style sheet; addresses and @names are marked. */
export function plain(text) {
  return el('div', 'plain', ...marked(text));
}

/** The common part of the platforms' markdown dialects. */
export function markdown(text) {
  const root = el('div', 'md');
  let lines = text.replaceAll('\r\n', '\n').split('\n');
  while (lines.length > 0) {
    const block = BLOCKS.find(({ start }) => start.test(lines[0])) ?? PARAGRAPH;
    const end = lines.findIndex((line, i) => i > 0 && block.ends(line));
    const size = end === -1 ? lines.length : end + (block.start === FENCE ? 1 : 0);
    const node = block.draw(lines.slice(0, size));
    if (node !== undefined) root.append(node);
    lines = lines.slice(size);
  }
  return root;
}

/** The heading that a text opens with and the rest of it: what a card shows in its coloured head. */
export function splitHeading(text) {
  const [line = ''] = text.trimStart().split('\n', 1);
  const found = /^#{1,6}\s+(.+)$/.exec(line) ?? /^\*\*(.+)\*\*$/.exec(line.replaceAll(/<\/?font[^>]*>/g, ''));
  if (found === null) return { heading: '', rest: text };
  const heading = found[1].replaceAll(/<\/?font[^>]*>|\*\*/g, '').trim();
  return { heading, rest: text.trimStart().slice(line.length).replace(/^\n+/, '') };
}

const always = () => true;
const same = (pattern) => (line) => pattern.test(line);
const other = (pattern) => (line) => !pattern.test(line);
const QUOTE = /^\s*(>|&gt;)\s?/;
const BULLET = /^\s*[-*+•]\s+/;
const NUMBER = /^\s*\d+[.)]\s+/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const FENCE = /^\s*```/;
const ROW = /^\s*\|.*\|\s*$/;
const HEADING = /^\s*(#{1,6})\s+/;

const list = (tag, pattern) => ({
  start: pattern,
  ends: other(pattern),
  draw: (lines) => el(tag, '', ...lines.map((line) => el('li', '', ...inline(line.replace(pattern, ''))))),
});

const BLOCKS = [
  {
    start: FENCE,
    // the closing fence belongs to it
    ends: same(FENCE),
    draw: (lines) => el('pre', '', el('code', '', lines.filter((line) => !FENCE.test(line)).join('\n'))),
  },
  { start: /^\s*$/, ends: other(/^\s*$/), draw: () => undefined },
  { start: RULE, ends: always, draw: () => el('hr') },
  {
    start: HEADING,
    ends: always,
    draw: ([line]) => el(`h${Math.min(HEADING.exec(line)[1].length + 2, 6)}`, '', ...inline(line.replace(HEADING, ''))),
  },
  {
    start: QUOTE,
    ends: other(QUOTE),
    draw: (lines) => el('blockquote', '', ...broken(lines.map((line) => line.replace(QUOTE, '')))),
  },
  list('ul', BULLET),
  list('ol', NUMBER),
  { start: ROW, ends: other(ROW), draw: table },
];

const PARAGRAPH = {
  ends: (line) => BLOCKS.some(({ start }) => start.test(line)),
  draw: (lines) => el('p', '', ...broken(lines)),
};

function table(lines) {
  const rows = lines.filter((line) => !/^[\s|:-]+$/.test(line));
  const cells = (line) => line.trim().slice(1, -1).split('|');
  const draw = (tag) => (line) => el('tr', '', ...cells(line).map((cell) => el(tag, '', ...inline(cell.trim()))));
  return el('table', '', ...rows.slice(0, 1).map(draw('th')), ...rows.slice(1).map(draw('td')));
}

function broken(lines) {
  return lines.flatMap((line, i) => (i === 0 ? inline(line) : [el('br'), ...inline(line)]));
}

/** Inline constructs, first match wins; what stands inside one is read again. */
const INLINE = [
  [/`([^`\n]+)`/, (m) => el('code', '', m[1])],
  [/!\[([^\]\n]*)\]\(([^)\s]+)\)/, (m) => link(m[1] || '[图片]', m[2])],
  [/\[([^\]\n]+)\]\(([^)\s]+)\)/, (m) => link(m[1], m[2])],
  [/<font\s+color\s*=\s*["']?([#\w]+)["']?\s*>([\s\S]*?)<\/font>/i, (m) => coloured(m[1], m[2])],
  [/\*\*([^*\n]+(?:\*[^*\n]+)*)\*\*/, (m) => el('strong', '', ...inline(m[1]))],
  [/(?<![\w*])[*_]([^*_\n]+)[*_](?![\w*])/, (m) => el('em', '', ...inline(m[1]))],
  [/~~([^~\n]+)~~/, (m) => el('del', '', ...inline(m[1]))],
];

function inline(text) {
  let best;
  for (const [pattern, draw] of INLINE) {
    const match = pattern.exec(text);
    if (match !== null && (best === undefined || match.index < best.match.index)) best = { match, draw };
  }
  if (best === undefined) return marked(unescape(text));
  const { match, draw } = best;
  return [
    ...marked(unescape(text.slice(0, match.index))),
    draw(match),
    ...inline(text.slice(match.index + match[0].length)),
  ];
}

const unescape = (text) => text.replaceAll(/\\([\\`*_{}[\]()#+.!>~|-])/g, '$1');

const FONTS = ['info', 'comment', 'warning', 'red', 'green', 'grey', 'gray', 'orange', 'blue'];

function coloured(colour, text) {
  const node = el('span', FONTS.includes(colour.toLowerCase()) ? `font-${colour.toLowerCase()}` : '', ...inline(text));
  if (/^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(colour)) node.style.color = colour;
  return node;
}

/** Bare addresses become links, @names are marked. */
function marked(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"'（）。，；]+|<@[\w.-]+>|@[\w\u4e00-\u9fff.-]+/g)) {
    if (match[0].startsWith('@') && /\w$/.test(text.slice(0, match.index))) continue;
    nodes.push(text.slice(end, match.index));
    nodes.push(
      /^https?:/.test(match[0]) ? link(match[0], match[0]) : el('span', 'at', match[0].replaceAll(/[<>]/g, '')),
    );
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== '');
}
