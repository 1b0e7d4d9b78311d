// A process of the bench: started with what it is to do, it tells what happened and ends when told to.
import { fork } from 'node:child_process';
import { once } from 'node:events';

export class Child {
  #process;
  #listeners = new Set();
  #seen = [];

  constructor(program, args, { execArgv = [] } = {}) {
    const options = { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] };
    this.#process = fork(new URL(program, import.meta.url), args.map(String), options);
    this.#process.on('message', (message) => {
      this.#seen.push(message);
      for (const listener of [...this.#listeners]) listener();
    });
    this.#process.on('exit', (code) => {
      this.exitCode = code ?? 1;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  get seen() {
    return this.#seen;
  }

  tell(message) {
    this.#process.send(message);
  }

  /** The first message that is so, of those before too. */
  until(isMeant) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.#seen.find(isMeant);
        if (found === undefined && this.exitCode === undefined) return;
        this.#listeners.delete(look);
        if (found === undefined)
          reject(new Error(`a process of the bench ended: ${this.exitCode}`));
        else resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  async end() {
    if (this.exitCode !== undefined) return;
    this.tell({ kind: 'end' });
    await once(this.#process, 'exit');
  }
}

/** Within a child: runs `end` when the parent says so, or is gone, and then ends. */
export function endWhenTold(end) {
  let isEnding = false;
  const finish = async () => {
    if (isEnding) return;
    isEnding = true;
    await end();
    process.exit(0);
  };
  process.on('message', ({ kind }) => kind === 'end' && finish());
  process.on('disconnect', finish);
}
