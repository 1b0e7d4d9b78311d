import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';

/** The tools that make releases are plain JavaScript; here is what they take and give. */
export interface Content {
  readonly file?: string;
  readonly bytes?: Buffer;
  readonly isExecutable?: boolean;
}
export type Tree = Map<string, Content>;

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

interface Tools {
  'debian-package': {
    writeDebianPackage(options: {
      repository: string;
      tree: Tree;
      sources: { version: string; commit: string; mtime: number };
      output: string;
    }): Promise<string>;
  };
  'tar-archive': {
    writeArchive(options: {
      tree: Tree;
      folder: string;
      mtime: number;
      path: string;
    }): Promise<void>;
    header(file: { path: string; size: number; mode: number; mtime: number }): Buffer;
  };
  signing: {
    readSigningKey(path: string, password?: string): SigningKey;
    publicKeyText(key: SigningKey): string;
    signatureText(of: { path: string; key: SigningKey; comment: string }): Promise<string>;
  };
  modules: {
    releaseModules(repository: string): readonly {
      readonly place: string;
      readonly name: string;
      readonly version: string;
      readonly licence: string;
      readonly isOwn: boolean;
    }[];
  };
  'release-build': {
    buildTree(options: {
      repository: string;
      sources: { version: string; commit: string; mtime: number };
      withLibtorch: boolean;
      publicKey: string | undefined;
      log: (line: string) => void;
    }): Promise<Tree>;
  };
  'node-binary': { nodeIsThere(folder: string): boolean };
  'release-tree': {
    bytesOf(content: Content): Buffer;
    filesNaming(tree: Tree, folders: readonly string[]): readonly string[];
  };
}

export async function releaseTool<Name extends keyof Tools>(name: Name): Promise<Tools[Name]> {
  return import(new URL(`../../tools/release/${name}.mjs`, import.meta.url).href);
}

/** A tree of such texts, with the checksums that a release has. */
export function treeOf(texts: Readonly<Record<string, string>>): Tree {
  const tree: Tree = new Map(
    Object.entries(texts).map(([path, text]) => [path, { bytes: Buffer.from(text) }]),
  );
  tree.set('SHA256SUMS', { bytes: Buffer.from(checksumsText(texts)) });
  return tree;
}

export function checksumsText(texts: Readonly<Record<string, string>>): string {
  const lines = Object.entries(texts).map(
    ([path, text]) => `${createHash('sha256').update(text).digest('hex')}  ${path}\n`,
  );
  return lines.join('');
}
