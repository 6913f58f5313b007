import { botOf, LEVELS, platformOf, time } from './names.js';
import { el, link, markdown, plain, splitHeading } from './text.js';

/** Text longer than this is folded (characters). */
const LONG = 1200;
/** A field with a longer value gets a line of its own (characters). */
const WIDE = 40;

/** A refused request. @param info the answer of `/_sandbox/info` */
export function refusal(entry, info) {
  const times = entry.count === undefined ? '' : ` ×${entry.count}`;
  const from = [platformOf(info, entry.platform).label, botOf(info, entry), time(entry.at)];
  return el(
    'div',
    'refusal',
    el('b', '', `已拒绝 ${entry.code}${times}`),
    el('span', '', `${entry.reason} — ${from.filter((word) => word !== '').join(' · ')}`),
  );
}

/** An accepted message. @param info the answer of `/_sandbox/info` */
export function message(entry, info) {
  const platform = platformOf(info, entry.platform);
  const label = el('span', 'label', platform.label);
  label.style.setProperty('--platform', platform.colour);
  const level = LEVELS[entry.level] === undefined ? '' : el('span', 'level', LEVELS[entry.level]);
  const box = BOXES[entry.style](entry);
  box.dataset.tone = TONES.includes(entry.colour) ? entry.colour : (entry.level ?? '');
  const body = el(
    'div',
    'message-body',
    el('header', 'who', label, level, el('b', '', botOf(info, entry)), el('time', '', time(entry.at)), source(entry)),
    box,
  );
  body.dataset.level = entry.level ?? '';
  const article = el('article', entry.fresh ? 'message fresh' : 'message', avatar(platform), body);
  article.addEventListener('animationend', () => article.classList.remove('fresh'));
  return article;
}

/** Colours of a Feishu card's head that say more than the level does. */
const TONES = ['green', 'turquoise', 'purple', 'violet', 'indigo', 'grey'];

const BOXES = { text: bubble, card, mail };

function bubble(entry) {
  const title = entry.title === '' ? '' : el('strong', 'bubble-title', entry.title);
  return el('div', 'bubble', title, ...parts(entry, entry.text));
}

function card(entry) {
  const { heading, rest } = entry.format === 'markdown' ? splitHeading(entry.text) : { heading: '', rest: entry.text };
  // some platforms show the title in the notification only, and the text begins with it again
  const repeats = heading !== '' && heading.endsWith(entry.title);
  const title = repeats ? heading : entry.title;
  const [titled] = (entry.links ?? []).filter(({ text }) => text === title);
  const links = (entry.links ?? []).filter((one) => one !== titled);
  const inside = parts({ ...entry, links }, repeats ? rest : entry.text);
  return el(
    'div',
    'card',
    title === '' ? '' : el('div', 'card-head', titled === undefined ? title : link(title, titled.url)),
    inside.length === 0 ? '' : el('div', 'card-body', ...inside),
  );
}

function mail(entry) {
  const { from, to } = entry.mail;
  return el(
    'div',
    'card mail',
    el('div', 'mail-head', el('strong', '', entry.title || '（无主题）')),
    el('div', 'mail-lines', line('发件人', from), line('收件人', to.join('，'))),
    el('div', 'card-body', ...parts(entry, entry.text)),
  );
}

/** What is below the title: text, fields, links, who is called, whom it goes to. */
function parts(entry, text) {
  const { fields = [], links = [], mentions = [], to = [] } = entry;
  const words = entry.format === 'markdown' ? markdown(text) : plain(text);
  // a template's variables are its text as well
  const more = fields.filter(({ name, value }) => !text.includes(`${name}：${value}`));
  const called = [...new Set(mentions)].map((id) => `@${everyone(id)}`).filter((id) => !entry.text.includes(id));
  return [
    text.trim() === '' ? '' : long(words, text),
    more.length === 0 ? '' : el('dl', 'fields', ...more.map(field)),
    links.length === 0 ? '' : el('div', 'buttons', ...links.map((one) => link(one.text, one.url))),
    called.length === 0 ? '' : line('提醒', ...called.map((id) => el('span', 'at', id))),
    to.length === 0 ? '' : line('发给', to.map(everyone).join('，')),
  ].filter((part) => part !== '');
}

const everyone = (id) => (id === 'all' ? '所有人' : id);

const line = (name, ...values) => el('div', 'line', el('span', '', name), el('span', '', ...values));

function field({ name, value }) {
  return el('div', value.length > WIDE || value.includes('\n') ? 'wide' : '', el('dt', '', name), el('dd', '', value));
}

function long(node, text) {
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
  const node = el('span', 'avatar', label.replace('企业', '').slice(0, 1).toUpperCase());
  node.style.backgroundColor = colour;
  return node;
}
