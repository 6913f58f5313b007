import type { Notice } from '../model.ts';
import type { Notices } from './store.ts';

/**
 * The notice half of the memory store: at most `limit` notices, the newest kept.
 * @param added called for each
 */
export function createNotices(limit: () => number, added: () => void): Notices {
  // A Map keeps the order of insertion, so the first entry is the oldest.
  const notices = new Map<string, Notice>();
  const unread = () => [...notices.values()].filter((notice) => notice.status === 'unread');

  return {
    async addNotice(notice) {
      notices.set(notice.id, notice);
      added();
      while (notices.size > limit()) notices.delete(notices.keys().next().value!);
    },
    // Whoever could ask has been told by the same process.
    announced() {},
    unannounced: async () => [],
    getNotice: async (id) => notices.get(id),
    async listNotices({ status, limit: most, offset }) {
      const found = [...notices.values()].filter((notice) => status === undefined || notice.status === status);
      return { notices: found.toReversed().slice(offset, offset + most), total: found.length };
    },
    async markRead(id) {
      const notice = notices.get(id);
      if (notice) notice.status = 'read';
      return notice !== undefined;
    },
    async markAllRead() {
      const marked = unread();
      for (const notice of marked) notice.status = 'read';
      return marked.length;
    },
    removeNotice: async (id) => notices.delete(id),
    async clearNotices() {
      const count = notices.size;
      notices.clear();
      return count;
    },
    async noticeStatistics() {
      const total = notices.size;
      const open = unread().length;
      const by_type = { error: 0, warning: 0, info: 0 };
      for (const { type } of notices.values()) by_type[type]++;
      return { total, unread: open, read: total - open, by_type };
    },
  };
}
