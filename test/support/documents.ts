import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A fenced block of a document: its language, and what it holds. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

export const readDocument = (path: string) => readFile(`${REPOSITORY}${path}`, 'utf8');

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** The sample file of that name, which a YAML block's first line says. */
export function sampleOf(markdown: string, name: string): string {
  const block = blocksOf(markdown).find(
    ({ language, text }) => language === 'yaml' && text.startsWith(`# ${name}`),
  );
  if (block === undefined) throw new Error(`no yaml block begins with "# ${name}"`);
  return block.text;
}

/** What a person would type of a block without a language: its lines, without what explains them. */
export function typedLines(markdown: string): string[] {
  return blocksOf(markdown)
    .filter(({ language }) => language === '')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Every `fedvox` command that a document names, in blocks and in sentences. */
export function commandsIn(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```$/gms, '');
  const inline = [...prose.matchAll(/`((?:npx )?fedvox [^`]+)`/g)].map(
    ([, command = '']) => command,
  );
  return [...typedLines(markdown), ...inline]
    .filter((line) => /^(npx )?fedvox /.test(line))
    .map((line) => line.replace(/^(npx )?fedvox /, ''));
}
