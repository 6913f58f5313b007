import { guide } from './inbox-guide.js';
import { avatar, message, refusal, time } from './inbox-message.js';
import { el } from './inbox-text.js';

/** The most entries kept and drawn; older ones are at /_sandbox/messages. */
const MOST_KEPT = 1000;
const MOST_DRAWN = 200;

const $ = (id) => document.getElementById(id);
const state = {
  entries: [],
  room: '',
  query: '',
  info: { platforms: [], bots: [], url: location.origin, smtp_port: 0 },
  unread: new Map(),
};
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
    status('live', '实时更新');
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
const platformOf = (name) =>
  state.info.platforms.find((p) => p.name === name) ?? { name, label: name, colour: '#64748b' };

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
  const shown = inRoom.filter(
    (entry) => state.query === '' || JSON.stringify(entry).toLowerCase().includes(state.query),
  );
  drawBar(inRoom);
  const box = $('stream');
  const { scrollTop, scrollHeight } = box;
  box.replaceChildren(...(shown.length === 0 ? [empty()] : stream(shown)));
  // who reads further down stays where they read
  box.scrollTop = scrollTop > 40 ? scrollTop + box.scrollHeight - scrollHeight : scrollTop;
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
    owner === undefined ? el('span', 'avatar all', '全') : avatar(platformOf(owner.platform)),
    el(
      'span',
      'room-text',
      el(
        'span',
        'room-line',
        el('b', '', name),
        el('time', '', last?.at === undefined ? '' : time(last.at).slice(0, 5)),
      ),
      el('span', 'room-line', el('span', 'room-last', preview(last)), unread === 0 ? '' : el('i', '', String(unread))),
    ),
  );
  button.addEventListener('click', () => {
    state.room = key;
    state.unread.delete(key);
    if (key === '') state.unread.clear();
    $('stream').scrollTop = 0;
    draw();
    $('stream').scrollTop = 0;
  });
  return button;
}

function preview(entry) {
  if (entry?.type === 'refusal') return `已拒绝 ${entry.code}`;
  if (entry?.at === undefined) return '还没有消息';
  return (
    entry.title ||
    entry.text
      .replaceAll(/[#*>`]|<\/?font[^>]*>/g, '')
      .trim()
      .split('\n')[0]
      .slice(0, 60)
  );
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

const NAMES = { bot: nameOf, platform: platformOf };

/** A message is drawn once, so that what was unfolded in it stays so. */
const drawn = new WeakMap();

function stream(entries) {
  const nodes = [];
  let day = '';
  for (const entry of fold(entries).slice(0, MOST_DRAWN)) {
    const date = new Date(entry.at).toLocaleDateString('zh-CN', { month: 'long', day: 'numeric', weekday: 'short' });
    if (date !== day) nodes.push(el('div', 'day', date));
    day = date;
    if (entry.type === 'message' && !drawn.has(entry)) drawn.set(entry, message(entry, NAMES));
    nodes.push(entry.type === 'refusal' ? refusal(entry, NAMES) : drawn.get(entry));
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

function empty() {
  if (state.query !== '') return el('div', 'empty', el('h2', '', '没有匹配的消息'));
  return el('div', 'empty', guide(state.info));
}
