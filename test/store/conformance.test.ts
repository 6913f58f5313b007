import { after, suite } from 'node:test';
import { startPostgres } from '../kit/postgres.ts';
import { conformance } from './conformance.ts';
import { durability } from './durability.ts';
import { memory, postgres, sqlite } from './kit.ts';

const server = await startPostgres({ settings: { fsync: 'off' } });
after(() => server.close());

for (const kind of [memory, sqlite, postgres(server)]) {
  void suite(kind.name, { concurrency: 4 }, () => {
    conformance(kind);
    if (kind.durable) durability(kind);
  });
}
