/**
 * Opens a coordinator's store once, as its program does, and ends; dies at any named boundary of it (`boundaries.mjs`):
 * its files, and each of its database's statements that write. Arguments: the coordinator's configuration as JSON, and
 * the program's version.
 */
import { boundary } from './boundaries.mjs';

const { default: sqlite3 } = await import('sqlite3');
const { run } = sqlite3.Database.prototype;
sqlite3.Database.prototype.run = function (sql, values, done) {
  const what = sql.split(/\s+/).slice(0, 5).join(' ');
  boundary(`before ${what}`);
  return run.call(this, sql, values, function (error) {
    boundary(`after ${what}`);
    done.call(this, error);
  });
};

const { coordinatorConfigSchema, openConfiguredStore } = await import('@fedvox/coordinator');
const { silentLogger, systemChance, systemClock } = await import('@fedvox/base/system');
const [config, program] = process.argv.slice(2);
const store = await openConfiguredStore(coordinatorConfigSchema.parse(JSON.parse(config)), {
  clock: systemClock,
  chance: systemChance,
  log: silentLogger(),
  onStandby: async () => undefined,
  program,
});
await store.close();
