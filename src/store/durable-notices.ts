import type { Notice } from '../model.ts';
import { noticeRow } from './journal-page.ts';
import type { Journal } from './journal.ts';
import type { Books } from './sql/books.ts';
import type { NoticeRow } from './sql/rows.ts';
import type { Notices } from './store.ts';

export interface DurableNoticeParts {
  readonly books: Books;
  readonly journal: Pick<Journal, 'count' | 'announced'>;
  /** Unix time in milliseconds by the store's clock. */
  readonly now: () => number;
}

/** The notice half of a durable store. */
export function createDurableNotices({ books, journal, now }: DurableNoticeParts): Notices {
  return {
    async addNotice(notice) {
      journal.count('notices');
      await books.addNotice(noticeRow(notice));
    },
    announced: (id) => journal.announced(id),
    unannounced: async (ms) => (await books.unannounced(now() - ms)).map(noticeOf),
    async getNotice(id) {
      const row = await books.notice(id);
      return row && noticeOf(row);
    },
    async listNotices(filter) {
      const { rows, total } = await books.notices(filter);
      return { notices: rows.map(noticeOf), total };
    },
    markRead: async (id) => (await books.markRead(id)) > 0,
    markAllRead: () => books.markRead(undefined),
    removeNotice: async (id) => (await books.removeNotice(id)) > 0,
    clearNotices: () => books.removeNotice(undefined),
    async noticeStatistics() {
      const counts = await books.noticeCounts();
      const sum = (rows: typeof counts) => rows.reduce((total, { count }) => total + count, 0);
      const by_type: Record<string, number> = { error: 0, warning: 0, info: 0 };
      for (const { type, count } of counts) by_type[type] = (by_type[type] ?? 0) + count;
      const unread = sum(counts.filter(({ status }) => status === 'unread'));
      return { total: sum(counts), unread, read: sum(counts) - unread, by_type };
    },
  };
}

const noticeOf = ({ announced: _inside, ...row }: NoticeRow): Notice =>
  ({ ...row, source: 'PushServer-SystemNotification' }) as Notice;
