import { el, link, markdown, plain, splitHeading } from './inbox-text.js';

/** Text longer than this is folded (characters). */
const LONG = 1200;

/** A refused request. @param names how bots and platforms are called */
export function refusal(entry, names) {
  const { label } = names.platform(entry.platform);
  const times = entry.count === undefined ? '' : ` ×${entry.count}`;
  return el(
    'div',
    'refusal',
    el('b', '', `已拒绝 ${entry.code}${times}`),
    el('span', '', `${entry.reason} — ${label} · ${names.bot(entry)} · ${time(entry.at)}`),
  );
}

/** An accepted message. @param names how bots and platforms are called */
export function message(entry, names) {
  const kind = entry.style === 'mail' ? mail(entry) : entry.style === 'card' ? card(entry) : bubble(entry);
  const article = el(
    'article',
    entry.fresh ? 'message fresh' : 'message',
    avatar(names.platform(entry.platform)),
    el(
      'div',
      'message-body',
      el(
        'header',
        'who',
        el('b', '', names.bot(entry)),
        el('span', 'tag', names.platform(entry.platform).label),
        el('time', '', time(entry.at)),
        source(entry),
      ),
      kind,
    ),
  );
  article.addEventListener('animationend', () => article.classList.remove('fresh'));
  return article;
}

function bubble(entry) {
  const node = el('div', 'bubble', long(entry.format === 'markdown' ? markdown(entry.text) : plain(entry.text), entry));
  node.dataset.tone = entry.level ?? '';
  if (entry.title !== '') node.prepend(el('strong', 'bubble-title', entry.title));
  if (entry.links?.length > 0) node.append(buttons(entry.links));
  return mentioned(node, entry);
}

function card(entry) {
  const { heading, rest } = entry.format === 'markdown' ? splitHeading(entry.text) : { heading: '', rest: entry.text };
  const repeats = entry.title === '' || heading === entry.title;
  const title = entry.title || heading;
  const text = repeats ? rest : entry.text;
  const node = el('div', 'card');
  node.dataset.tone = TONES.includes(entry.colour) ? entry.colour : (entry.level ?? '');
  if (title !== '') node.append(el('div', 'card-head', title));
  const body = el('div', 'card-body');
  if (text.trim() !== '') body.append(long(entry.format === 'markdown' ? markdown(text) : plain(text), entry));
  if (entry.fields?.length > 0) {
    body.append(
      el(
        'dl',
        'fields',
        ...entry.fields.map((f) =>
          el('div', f.value.length > 40 ? 'wide' : '', el('dt', '', f.name), el('dd', '', f.value)),
        ),
      ),
    );
  }
  if (entry.links?.length > 0) body.append(buttons(entry.links));
  if (body.childElementCount > 0) node.append(body);
  return mentioned(node, entry);
}

/** Colours of a Feishu card's head that say more than the level does. */
const TONES = ['green', 'turquoise', 'purple', 'violet', 'indigo', 'grey'];

function mail(entry) {
  const node = el(
    'div',
    'card mail',
    el('div', 'mail-head', el('strong', '', entry.title || '（无主题）')),
    el(
      'dl',
      'mail-lines',
      el('div', '', el('dt', '', '发件人'), el('dd', '', entry.mail.from)),
      el('div', '', el('dt', '', '收件人'), el('dd', '', entry.mail.to.join('，'))),
    ),
    el('div', 'card-body', long(plain(entry.text), entry)),
  );
  node.dataset.tone = entry.level ?? '';
  return node;
}

function buttons(links) {
  return el('div', 'buttons', ...links.map(({ text, url }) => link(text, url)));
}

/** Who is called without being named in the text. */
function mentioned(node, { mentions = [], text }) {
  const ids = [...new Set(mentions)].map((id) => `@${id === 'all' ? '所有人' : id}`);
  const names = ids.filter((id) => !text.includes(id)).map((id) => el('span', 'at', id));
  if (names.length === 0) return node;
  node.append(el('div', 'mentions', '提醒 ', ...names));
  return node;
}

function long(node, { text }) {
  if (text.length <= LONG) return node;
  const box = el('div', 'folded', node);
  const more = el('button', 'more', `展开全文（${text.length} 字）`);
  more.type = 'button';
  more.addEventListener('click', () => {
    box.classList.remove('folded');
    more.remove();
  });
  return el('div', '', box, more);
}

/** What came over the wire, fetched when somebody asks. */
function source({ id, kind }) {
  const button = el('button', 'raw', kind);
  button.type = 'button';
  button.title = '查看原始内容';
  button.addEventListener('click', () => void reveal(button, id));
  return button;
}

async function reveal(button, id) {
  const body = button.closest('.message-body');
  const open = body.querySelector('.source');
  if (open !== null) return open.remove();
  const reply = await fetch(`/_sandbox/messages/${id}`);
  const { raw, error } = await reply.json();
  const text = typeof raw === 'string' ? raw : (error ?? JSON.stringify(raw, undefined, 2));
  return body.append(el('pre', 'source', text));
}

export function avatar({ label, colour }) {
  const node = el('span', 'avatar', label.replace('企业', '').slice(0, 1));
  node.style.backgroundColor = colour;
  return node;
}

export const time = (at) => new Date(at).toLocaleTimeString('zh-CN', { hour12: false });
