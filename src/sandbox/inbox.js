import { el, link, markdown, plain, splitHeading } from './inbox-text.js';
import { guide } from './inbox-guide.js';

/** The most entries kept and drawn; older ones are at /_sandbox/messages. */
const MOST_KEPT = 1000;
const MOST_DRAWN = 200;
/** Text longer than this is folded (characters). */
const LONG = 1200;

const $ = (id) => document.getElementById(id);
const state = { entries: [], room: '', query: '', info: { platforms: [], bots: [], url: location.origin }, unread: new Map() };
let due = false;

connect();
$('search').addEventListener('input', () => {
  state.query = $('search').value.trim().toLowerCase();
  draw();
});
$('clear').addEventListener('click', () => void fetch('/_sandbox/messages', { method: 'DELETE' }));
$('guide-open').addEventListener('click', () => $('guide').showModal());
$('guide').addEventListener('click', (event) => {
  if (event.target === $('guide')) $('guide').close();
});

/** First the stream, then the list: nothing that comes between is missed, and ids tell what is there already. */
function connect() {
  const source = new EventSource('/_sandbox/events');
  source.addEventListener('open', () => {
    status('live', '实时');
    load().catch(() => status('lost', '读取失败'));
  });
  source.addEventListener('error', () => {
    status('lost', '连接断开，正在重连');
    if (source.readyState !== EventSource.CLOSED) return;
    source.close();
    setTimeout(connect, 2000);
  });
  source.addEventListener('message', ({ data }) => arrive({ ...JSON.parse(data), type: 'message', fresh: true }));
  source.addEventListener('refusal', ({ data }) => arrive({ ...JSON.parse(data), type: 'refusal', fresh: true }));
  source.addEventListener('cleared', () => {
    state.entries = [];
    state.unread.clear();
    draw();
  });
}

async function load() {
  const get = async (path) => await (await fetch(path)).json();
  const [info, { messages }, { refusals }] = await Promise.all([
    get('/_sandbox/info'),
    get(`/_sandbox/messages?raw=false&limit=${MOST_KEPT}`),
    get('/_sandbox/refusals'),
  ]);
  state.info = info;
  const found = [
    ...messages.map((m) => ({ ...m, type: 'message' })),
    ...refusals.map((r) => ({ ...r, type: 'refusal' })),
  ];
  const known = new Set(found.map(({ id }) => id));
  const order = ({ id }) => Number(id.replace('r', ''));
  state.entries = [...found, ...state.entries.filter((e) => e.fresh && !known.has(e.id))]
    .toSorted((a, b) => order(b) - order(a))
    .slice(0, MOST_KEPT);
  $('guide').replaceChildren(guide(info, () => $('guide').close()));
  $('addresses').replaceChildren(
    address('HTTP', info.url.replace('http://', '')),
    address('SMTP', `${new URL(info.url).hostname}:${info.smtp_port}`),
  );
  draw();
}

const address = (name, value) => el('div', '', el('span', '', name), el('code', '', value));

function arrive(entry) {
  if (state.entries.some(({ id }) => id === entry.id)) return;
  state.entries.unshift(entry);
  state.entries.length = Math.min(state.entries.length, MOST_KEPT);
  if (document.hidden || (state.room !== '' && roomOf(entry) !== state.room)) {
    state.unread.set(roomOf(entry), (state.unread.get(roomOf(entry)) ?? 0) + 1);
  }
  if (due) return;
  due = true;
  // a burst of messages is drawn once
  requestAnimationFrame(draw);
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  if (state.room === '') state.unread.clear();
  else state.unread.delete(state.room);
  draw();
});

const roomOf = ({ platform, token }) => `${platform}\n${token}`;
const platformOf = (name) => state.info.platforms.find((p) => p.name === name) ?? { name, label: name, colour: '#64748b' };

function nameOf({ platform, token }) {
  const bot = state.info.bots.find((b) => b.platform === platform && b.token === token);
  if (bot?.name !== undefined) return bot.name;
  if (platform === 'system') return '最后防线';
  return token === '' ? `${platformOf(platform).label}机器人` : token;
}

function status(kind, text) {
  $('status').className = `status ${kind}`;
  $('status').textContent = text;
}

// ---- drawing ----------------------------------------------------------------------------------------------------

function draw() {
  due = false;
  drawRooms();
  const inRoom = state.entries.filter((entry) => state.room === '' || roomOf(entry) === state.room);
  const shown = inRoom.filter((entry) => state.query === '' || JSON.stringify(entry).toLowerCase().includes(state.query));
  drawBar(inRoom);
  $('stream').replaceChildren(...(shown.length === 0 ? [empty()] : stream(shown)));
  const unread = [...state.unread.values()].reduce((sum, n) => sum + n, 0);
  document.title = unread === 0 ? 'PushServer 沙箱' : `(${unread}) PushServer 沙箱`;
}

function drawRooms() {
  const rooms = new Map();
  for (const entry of [...state.entries, ...state.info.bots]) {
    if (!rooms.has(roomOf(entry))) rooms.set(roomOf(entry), entry);
  }
  const all = room('', undefined, '全部消息', state.entries[0]);
  $('rooms').replaceChildren(all, ...[...rooms].map(([key, entry]) => room(key, entry, nameOf(entry), entry)));
}

function room(key, owner, name, last) {
  const button = el('button', 'room');
  button.type = 'button';
  if (key === state.room) button.setAttribute('aria-current', 'true');
  const unread = state.unread.get(key) ?? 0;
  button.append(
    owner === undefined ? el('span', 'avatar all', '全') : avatar(owner.platform),
    el(
      'span',
      'room-text',
      el('span', 'room-line', el('b', '', name), el('time', '', last?.at === undefined ? '' : time(last.at).slice(0, 5))),
      el('span', 'room-line', el('span', 'room-last', preview(last)), unread === 0 ? '' : el('i', '', String(unread))),
    ),
  );
  button.addEventListener('click', () => {
    state.room = key;
    state.unread.delete(key);
    if (key === '') state.unread.clear();
    draw();
    $('stream').scrollTop = 0;
  });
  return button;
}

function preview(entry) {
  if (entry?.type === 'refusal') return `已拒绝 ${entry.code}`;
  if (entry?.at === undefined) return '还没有消息';
  return entry.title || entry.text.replaceAll(/[#*>`]|<\/?font[^>]*>/g, '').trim().split('\n')[0].slice(0, 60);
}

function drawBar(entries) {
  const [first] = entries;
  const [platform, token] = state.room.split('\n');
  const bot = state.info.bots.find((b) => b.platform === platform && b.token === token);
  const messages = entries.filter((e) => e.type === 'message').length;
  const refused = entries.length - messages;
  $('room-name').textContent = state.room === '' ? '全部消息' : nameOf(first ?? { platform, token });
  $('room-note').textContent = [
    state.room === '' ? '' : platformOf(platform).label,
    bot?.signed === true ? '已启用签名' : '',
    `${messages} 条消息`,
    refused === 0 ? '' : `${refused} 次拒绝`,
  ]
    .filter((word) => word !== '')
    .join(' · ');
}

function stream(entries) {
  const nodes = [];
  let day = '';
  for (const entry of fold(entries).slice(0, MOST_DRAWN)) {
    const date = new Date(entry.at).toLocaleDateString('zh-CN', { month: 'long', day: 'numeric', weekday: 'short' });
    if (date !== day) nodes.push(el('div', 'day', date));
    day = date;
    nodes.push(entry.type === 'refusal' ? refusal(entry) : message(entry));
  }
  return nodes;
}

/** Refusals in a row for one reason are one line with a number. */
function fold(entries) {
  const folded = [];
  for (const entry of entries) {
    const last = folded.at(-1);
    const again = entry.type === 'refusal' && last?.type === 'refusal' && roomOf(last) === roomOf(entry);
    if (again && last.code === entry.code) folded[folded.length - 1] = { ...last, count: (last.count ?? 1) + 1 };
    else folded.push(entry);
  }
  return folded;
}

function refusal(entry) {
  const { label } = platformOf(entry.platform);
  const times = entry.count === undefined ? '' : ` ×${entry.count}`;
  return el(
    'div',
    'refusal',
    el('b', '', `已拒绝 ${entry.code}${times}`),
    el('span', '', `${entry.reason} — ${label} · ${nameOf(entry)} · ${time(entry.at)}`),
  );
}

function message(entry) {
  const kind = entry.style === 'mail' ? mail(entry) : entry.style === 'card' ? card(entry) : bubble(entry);
  const article = el(
    'article',
    entry.fresh ? 'message fresh' : 'message',
    avatar(entry.platform),
    el(
      'div',
      'message-body',
      el(
        'header',
        'who',
        el('b', '', nameOf(entry)),
        el('span', 'tag', platformOf(entry.platform).label),
        el('time', '', time(entry.at)),
        source(entry),
      ),
      kind,
    ),
  );
  entry.fresh = false;
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
    body.append(el('dl', 'fields', ...entry.fields.map((f) => el('div', '', el('dt', '', f.name), el('dd', '', f.value)))));
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

function mentioned(node, { mentions = [] }) {
  if (mentions.length === 0) return node;
  const names = [...new Set(mentions)].map((id) => el('span', 'at', `@${id === 'all' ? '所有人' : id}`));
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

function empty() {
  if (state.query !== '') return el('div', 'empty', el('h2', '', '没有匹配的消息'));
  return el('div', 'empty', guide(state.info));
}

function avatar(platform) {
  const { label, colour } = platformOf(platform);
  const node = el('span', 'avatar', label.replace('企业', '').slice(0, 1));
  node.style.backgroundColor = colour;
  return node;
}

const time = (at) => new Date(at).toLocaleTimeString('zh-CN', { hour12: false });
