/**
 * A story in text, in the manner of etcd raft's testdata: commands, each with what it led to.
 *
 * ```
 * # What a person may want to know first.
 * command with its=words
 * ----
 * what came of it
 * ```
 *
 * Blocks are set apart by blank lines.
 */
export type Play = (command: string) => Promise<readonly string[]>;

const RULE = '----';

/** The same story as it goes now: its comments and commands, and what each leads to. */
export async function retell(transcript: string, play: Play): Promise<string> {
  const told: string[] = [];
  for (const block of transcript.trimEnd().split('\n\n')) {
    const lines = block.split('\n');
    const comments = lines.filter((line) => line.startsWith('#'));
    const [command, rule, ...before] = lines.slice(comments.length);
    if (command === undefined) {
      told.push(block);
      continue;
    }
    if (before.length > 0 && rule !== RULE) throw new Error(`"${command}" lacks its ${RULE}`);
    told.push([...comments, command, RULE, ...(await play(command))].join('\n'));
  }
  return `${told.join('\n\n')}\n`;
}

/** A command's words, and its settings: `pass 30m heard=north,south`. */
export interface Words {
  readonly words: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
}

export function wordsOf(command: string): Words {
  const parts = command.split(/ +/);
  const settings = parts.filter((part) => part.includes('='));
  return {
    words: parts.filter((part) => !part.includes('=')),
    settings: Object.fromEntries(settings.map((part) => part.split('=') as [string, string])),
  };
}

export const listOf = (text: string | undefined): string[] => (text ? text.split(',') : []);

/** Digests by the names that a reader knows them by. */
export class Names {
  readonly #byDigest = new Map<string, string>();

  /** The name of a digest; `wanted` where it had none yet, or the like where that is taken. */
  give(digest: string, wanted: string): string {
    const known = this.#byDigest.get(digest);
    if (known !== undefined) return known;
    const taken = new Set(this.#byDigest.values());
    let name = wanted;
    while (taken.has(name)) name += '′';
    this.#byDigest.set(digest, name);
    return name;
  }

  /** A fact, an event or an effect in one line: its kind, then what it says. */
  line<Told extends { readonly kind: string }>({ kind, ...rest }: Told): string {
    const said = Object.entries(rest)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => `${key}=${this.#text(value)}`);
    return [kind, ...said].join(' ');
  }

  #text(value: unknown): string {
    if (Array.isArray(value)) {
      // A set has no order that means anything; that of digests would say nothing to a reader.
      const members = value.map((each) => this.#text(each)).sort();
      return members.join(',') || '(none)';
    }
    return this.#byDigest.get(String(value)) ?? String(value);
  }
}
