import { fail } from '../../errors.js';
import type { CodedImage } from './coded-image.js';
import { codedSize } from './coded-size.js';
import { endMarkerAt } from './end-marker.js';
import { frameByteCount, type PixelFormat } from './pixel-format.js';
import { decodeRle } from './rle.js';
import { type WasmDecode, wasmCodec } from './wasm-codec.js';

/** How compressed pixels are stored. */
export type CodedPixels = 'rle' | 'jpeg-baseline' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';

/** Decoders of compressed frames. Codecs are instantiated when first needed and kept with the object. */
export interface PixelDecoders {
  /**
   * One compressed frame as plain little-endian samples of its format.
   * @throws FedvoxError `corrupt-file`
   */
  decode(
    path: string,
    encoding: CodedPixels,
    encoded: Uint8Array,
    format: PixelFormat,
  ): Promise<Uint8Array>;
}

/** Encoders cut large images into tiles of 64 × 64 pixels at the least. */
const MIN_TILE_PIXELS = 32 * 32;

type ImageDecode = (encoded: Uint8Array) => CodedImage;

export function pixelDecoders(): PixelDecoders {
  const codecs = new Map<string, Promise<ImageDecode>>();
  return {
    async decode(path, encoding, encoded, format) {
      if (encoding === 'rle') return decodeRle(path, encoded, format);
      checkDeclaredSize(path, encoded, format);
      // A codec may take seconds to find out, or make up the rest.
      if (endMarkerAt(encoded) === -1) throw corrupt(path, 'its compressed pixels are cut short');
      const codec = codecs.get(encoding) ?? loadCodec(encoding);
      codecs.set(encoding, codec);
      return samplesOf(path, run(path, await codec, encoded), format);
    },
  };
}

async function loadCodec(encoding: Exclude<CodedPixels, 'rle'>): Promise<WasmDecode | ImageDecode> {
  switch (encoding) {
    case 'jpeg-lossless': {
      const { decodeJpegLossless } = await import('./jpeg-lossless.js');
      return decodeJpegLossless;
    }
    case 'jpeg-2000': {
      const { default: codec } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
      return wasmCodec(codec, '@cornerstonejs/codec-openjpeg/decodewasm', 'J2KDecoder');
    }
    case 'jpeg-ls': {
      const { default: codec } = await import('@cornerstonejs/codec-charls/decodewasmjs');
      return wasmCodec(codec, '@cornerstonejs/codec-charls/decodewasm', 'JpegLSDecoder');
    }
    case 'jpeg-baseline': {
      const { default: codec } = await import(
        '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'
      );
      return wasmCodec(codec, '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm', 'JPEGDecoder');
    }
  }
}

/** A forged size would have the codec allocate for it, and work for each of its tiles. */
function checkDeclaredSize(path: string, encoded: Uint8Array, format: PixelFormat): void {
  const size = codedSize(encoded);
  const fits =
    size !== undefined &&
    size.rows === format.rows &&
    size.columns === format.columns &&
    size.components === 1 &&
    size.bitsPerSample <= format.bitsAllocated;
  if (!fits) throw corrupt(path, 'its compressed pixels are of another size than its header says');
  if (size.tiles > Math.max(1, (size.rows * size.columns) / MIN_TILE_PIXELS)) {
    throw corrupt(path, `its compressed pixels are cut into ${size.tiles} tiles`);
  }
}

function run(path: string, codec: ImageDecode, encoded: Uint8Array): CodedImage {
  try {
    return codec(encoded);
  } catch (cause) {
    // Codecs throw strings, numbers (C++ exception pointers) and WebAssembly traps.
    throw fail('corrupt-file', { path, reason: 'its compressed pixels do not decode' }, { cause });
  }
}

/** The codec's samples in the width that the format allocates. */
function samplesOf(path: string, image: CodedImage, format: PixelFormat): Uint8Array {
  const { rows, columns, components, bytesPerSample, samples } = image;
  const pixels = format.rows * format.columns;
  const isWhole =
    rows === format.rows &&
    columns === format.columns &&
    components === 1 &&
    samples.length === pixels * bytesPerSample;
  if (!isWhole) throw corrupt(path, 'its compressed pixels do not fill the image');
  const allocated = format.bitsAllocated / 8;
  if (allocated === bytesPerSample) return samples;
  const widened = new Uint8Array(frameByteCount(format));
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let byte = 0; byte < Math.min(bytesPerSample, allocated); byte++) {
      widened[pixel * allocated + byte] = samples[pixel * bytesPerSample + byte] as number;
    }
  }
  return widened;
}

function corrupt(path: string, reason: string): Error {
  return fail('corrupt-file', { path, reason });
}
