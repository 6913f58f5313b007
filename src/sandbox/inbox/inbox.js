import { guide } from './guide.js';
import { message, refusal } from './message.js';
import { botOf, platformOf } from './names.js';
import { bots, rooms } from './rooms.js';
import { el } from './text.js';

/** The most entries kept and drawn; older ones are at /_sandbox/messages. */
const MOST_KEPT = 1000;
const MOST_DRAWN = 200;

const $ = (id) => document.getElementById(id);
const state = {
  /** Messages and refusals, newest first. */
  entries: [],
  info: { platforms: [], bots: [], url: location.origin, smtp_port: 0 },
  /** Chosen; '' is all. */
  platform: '',
  bot: '',
  /** What the messages are searched for, and the platforms filtered by; lower case. */
  query: '',
  filter: '',
  /** How many entries of each platform were not seen yet. */
  unread: new Map(),
};
let due = false;

connect();
for (const [id, key] of [
  ['search', 'query'],
  ['filter', 'filter'],
]) {
  $(id).addEventListener('input', () => {
    state[key] = $(id).value.trim().toLowerCase();
    draw();
  });
}
$('clear').addEventListener('click', () => void fetch('/_sandbox/messages', { method: 'DELETE' }));
$('guide-open').addEventListener('click', () => $('guide').showModal());
$('guide').addEventListener('click', (event) => {
  if (event.target === $('guide')) $('guide').close();
});
$('rooms-open').addEventListener('click', () => list(true));
$('rooms-close').addEventListener('click', () => list(false));
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') list(false);
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  seen();
  draw();
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
  $('guide').replaceChildren(guide(info, { close: () => $('guide').close() }));
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
  const { platform } = entry;
  if (document.hidden || (state.platform !== '' && platform !== state.platform)) {
    state.unread.set(platform, (state.unread.get(platform) ?? 0) + 1);
  }
  if (due) return;
  due = true;
  // a burst of messages is drawn once
  requestAnimationFrame(draw);
}

function seen() {
  if (state.platform === '') state.unread.clear();
  else state.unread.delete(state.platform);
}

function choose(platform, bot = '') {
  Object.assign(state, { platform, bot });
  seen();
  list(false);
  $('stream').scrollTop = 0;
  draw();
  $('stream').scrollTop = 0;
}

/** On a narrow screen the list of platforms covers the messages. */
function list(isOpen) {
  document.body.classList.toggle('listing', isOpen);
  $('rooms-open').setAttribute('aria-expanded', String(isOpen));
}

function status(kind, text) {
  $('status').className = `status ${kind}`;
  $('status').textContent = text;
}

// ---- drawing ----------------------------------------------------------------------------------------------------

function draw() {
  due = false;
  $('rooms').replaceChildren(...rooms(state, choose));
  $('bots').replaceChildren(...bots(state, (token) => choose(state.platform, token)));
  const chosen = state.entries.filter(
    ({ platform, token }) =>
      (state.platform === '' || platform === state.platform) && (state.bot === '' || token === state.bot),
  );
  const shown = chosen.filter(
    (entry) => state.query === '' || JSON.stringify(entry).toLowerCase().includes(state.query),
  );
  drawBar(chosen);
  const box = $('stream');
  const { scrollTop, scrollHeight } = box;
  box.replaceChildren(...(shown.length === 0 ? [empty()] : stream(shown)));
  // who reads further down stays where they read
  box.scrollTop = scrollTop > 40 ? scrollTop + box.scrollHeight - scrollHeight : scrollTop;
  const unread = [...state.unread.values()].reduce((sum, n) => sum + n, 0);
  document.title = unread === 0 ? 'PushServer 沙箱' : `(${unread}) PushServer 沙箱`;
}

function drawBar(entries) {
  const { info, platform, bot: token } = state;
  const messages = entries.filter((e) => e.type === 'message').length;
  const refused = entries.length - messages;
  const owners = info.bots.filter((b) => b.platform === platform && (token === '' || b.token === token));
  $('room-name').textContent = platform === '' ? '全部消息' : platformOf(info, platform).label;
  $('room-note').textContent = [
    token === '' ? '' : botOf(info, { platform, token }),
    owners.some(({ signed }) => signed) ? '已登记密钥' : '',
    `${messages} 条消息`,
    refused === 0 ? '' : `${refused} 次拒绝`,
  ]
    .filter((word) => word !== '')
    .join(' · ');
}

/** A message is drawn once, so that what was unfolded in it stays so. */
const drawn = new WeakMap();

function stream(entries) {
  const nodes = [];
  let day = '';
  for (const entry of fold(entries).slice(0, MOST_DRAWN)) {
    const date = new Date(entry.at).toLocaleDateString('zh-CN', { month: 'long', day: 'numeric', weekday: 'short' });
    if (date !== day) nodes.push(el('div', 'day', date));
    day = date;
    if (entry.type === 'message' && !drawn.has(entry)) drawn.set(entry, message(entry, state.info));
    nodes.push(entry.type === 'refusal' ? refusal(entry, state.info) : drawn.get(entry));
  }
  return nodes;
}

/** Refusals in a row for one reason are one line with a number. */
function fold(entries) {
  const folded = [];
  for (const entry of entries) {
    const last = folded.at(-1);
    const again = ['type', 'platform', 'token', 'code'].every((key) => entry[key] === last?.[key]);
    if (entry.type === 'refusal' && again) folded[folded.length - 1] = { ...last, count: (last.count ?? 1) + 1 };
    else folded.push(entry);
  }
  return folded;
}

function empty() {
  if (state.query !== '') return el('div', 'empty', el('h2', '', '没有匹配的消息'));
  return el('div', 'empty', guide(state.info, { platform: state.platform }));
}
