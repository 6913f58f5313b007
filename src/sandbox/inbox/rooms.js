import { avatar } from './message.js';
import { botOf, platformOf, time } from './names.js';
import { el } from './text.js';

/** Whether the platforms without a message are shown. */
let unfolded = false;

/**
 * The list of platforms: those with messages, refusals or a declared bot, the last used first; the others folded away.
 * @param state entries, info, the chosen platform, unread counts, and the word to filter by
 * @param choose called with the name of a platform, or '' for all
 */
export function rooms({ entries, info, platform, unread, filter }, choose) {
  const last = new Map();
  for (const entry of entries) if (!last.has(entry.platform)) last.set(entry.platform, entry);
  for (const bot of info.bots) if (!last.has(bot.platform)) last.set(bot.platform, undefined);

  const row = (name) => {
    const known = platformOf(info, name);
    return room(known.label, avatar(known), last.get(name), unread.get(name), name === platform, () => choose(name));
  };
  const fits = wordsOf(entries, info);
  const found = (name) => fits(name).includes(filter);
  const idle = info.platforms.map(({ name }) => name).filter((name) => !last.has(name) && found(name));
  const all = room('全部消息', el('span', 'avatar all', '全'), entries[0], 0, platform === '', () => choose(''));
  return [
    ...(filter === '' ? [all] : []),
    ...[...last.keys()].filter(found).map(row),
    ...(idle.length === 0 ? [] : [folded(idle.map(row), filter !== '')]),
  ];
}

/** The bots of one platform, to choose from where there are several. @param choose called with a token, or '' for all */
export function bots({ entries, info, platform, bot }, choose) {
  const tokens = [...entries, ...info.bots].filter((one) => one.platform === platform).map(({ token }) => token);
  const known = [...new Set(tokens)];
  if (platform === '' || known.length < 2) return [];
  return ['', ...known].map((token) => {
    const button = el('button', 'bot', token === '' ? '全部' : botOf(info, { platform, token }));
    button.type = 'button';
    button.title = token;
    if (token === bot) button.setAttribute('aria-current', 'true');
    button.addEventListener('click', () => choose(token));
    return button;
  });
}

function room(name, picture, last, unread, isChosen, choose) {
  const button = el(
    'button',
    'room',
    picture,
    el(
      'span',
      'room-text',
      el('span', 'room-line', el('b', '', name), el('time', '', last === undefined ? '' : time(last.at).slice(0, 5))),
      last === undefined
        ? ''
        : el(
            'span',
            'room-line',
            el('span', 'room-last', preview(last)),
            unread > 0 ? el('i', '', String(unread)) : '',
          ),
    ),
  );
  button.type = 'button';
  if (isChosen) button.setAttribute('aria-current', 'true');
  button.addEventListener('click', choose);
  return button;
}

function folded(rows, isFiltered) {
  const details = el('details', 'idle', el('summary', '', `还没有消息（${rows.length}）`), ...rows);
  details.open = unfolded || isFiltered;
  details.addEventListener('toggle', () => {
    if (!isFiltered) unfolded = details.open;
  });
  return details;
}

/** By what a platform is found: its name, its label, its bots; lower case. */
function wordsOf(entries, info) {
  const owners = [...entries, ...info.bots];
  return (name) => {
    const names = owners.filter(({ platform }) => platform === name).map((owner) => botOf(info, owner));
    return [name, platformOf(info, name).label, ...new Set(names)].join('\n').toLowerCase();
  };
}

function preview(entry) {
  if (entry.type === 'refusal') return `已拒绝 ${entry.code}`;
  const [line = ''] = (entry.title || entry.text.replaceAll(/[#*>`]|<\/?font[^>]*>/g, '').trim()).split('\n', 1);
  return line.slice(0, 60);
}
