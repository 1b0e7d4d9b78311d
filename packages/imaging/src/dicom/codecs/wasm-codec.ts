import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { CodedImage } from './coded-image.js';

/** A Cornerstone decoder object: bytes in, `decode`, samples out. It lives in the module's memory. */
interface WasmDecoder {
  getEncodedBuffer(byteCount: number): Uint8Array;
  decode(): void;
  getFrameInfo(): {
    readonly width: number;
    readonly height: number;
    readonly bitsPerSample: number;
    readonly componentCount: number;
  };
  /** A view of the module's memory, of a type that differs between codecs. */
  getDecodedBuffer(): ArrayBufferView;
  delete(): void;
}

type WasmModule<Name extends string> = { readonly [Key in Name]: new () => WasmDecoder };

export type Instantiate<Name extends string> = (options: {
  /** Emscripten's hook: instantiates the code with these imports, now or later. */
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => object;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
}) => Promise<WasmModule<Name>>;

/** Decodes one compressed frame; throws anything when it cannot. */
export type WasmDecode = (encoded: Uint8Array) => CodedImage;

/**
 * Instantiates a codec from its WebAssembly file.
 * @param wasm specifier of the file, e.g. `@cornerstonejs/codec-charls/decodewasm`
 */
export async function wasmCodec<Name extends string>(
  instantiate: Instantiate<Name>,
  wasm: string,
  decoder: Name,
): Promise<WasmDecode> {
  const code = await compiledCode(wasm);
  const silent = () => undefined;
  const module = await instantiate({
    instantiateWasm(imports, done) {
      done(new WebAssembly.Instance(code, imports));
      return {};
    },
    print: silent,
    printErr: silent,
  });
  return (encoded) => decodeWith(new module[decoder](), encoded);
}

/**
 * Compiled code by specifier, kept as an imported module is: V8 drops it with its last instance, and the
 * next series would wait up to half a second for the same code.
 */
const compiled = new Map<string, Promise<WebAssembly.Module>>();

function compiledCode(wasm: string): Promise<WebAssembly.Module> {
  const compile = async () =>
    WebAssembly.compile(await readFile(createRequire(import.meta.url).resolve(wasm)));
  const code = compiled.get(wasm) ?? compile();
  compiled.set(wasm, code);
  return code;
}

function decodeWith(decoder: WasmDecoder, encoded: Uint8Array): CodedImage {
  try {
    decoder.getEncodedBuffer(encoded.length).set(encoded);
    decoder.decode();
    const { width, height, bitsPerSample, componentCount } = decoder.getFrameInfo();
    return {
      columns: width,
      rows: height,
      components: componentCount,
      bytesPerSample: bitsPerSample <= 8 ? 1 : 2,
      samples: bytesOf(decoder.getDecodedBuffer()),
    };
  } finally {
    decoder.delete();
  }
}

/** A copy: the codec's memory is used again for the next frame. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
