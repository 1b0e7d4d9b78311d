import { open } from 'node:fs/promises';
import { errorText } from '@fedvox/base';
import { isUid } from '../dicom-json.js';
import { fail } from '../errors.js';
import { META_BYTES, readPart10Meta } from '../part10-meta.js';
import { DimseDataset, requests } from './library.js';

/** The library holds a message whole: far above any segmentation, far below what fills a memory. */
const MAX_STORED_BYTES = 512 * 1024 ** 2;

/** A data set that goes out byte for byte as it lies in its file. */
class StoredDataset extends DimseDataset {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, elements: Record<string, string>, transferSyntaxUid: string) {
    super(elements, transferSyntaxUid);
    this.#bytes = bytes;
  }

  override getDenaturalizedDataset(): Buffer {
    return this.#bytes;
  }
}

export interface StoredObject {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly bytes: Buffer;
}

/** @throws FedvoxError `pacs/not-storable` */
export async function readStoredObject(path: string): Promise<StoredObject> {
  const unusable = (reason: string, cause?: unknown) =>
    fail('not-storable', { path, reason }, { cause });
  const file = await open(path).catch((cause: unknown) => {
    throw unusable(errorText(cause), cause);
  });
  try {
    if ((await file.stat()).size > MAX_STORED_BYTES) {
      throw unusable(`it is longer than ${MAX_STORED_BYTES} bytes`);
    }
    const bytes = await file.readFile();
    const meta = readPart10Meta(bytes.subarray(0, META_BYTES));
    if (meta === undefined || !isUid(meta.sopInstanceUid)) {
      throw unusable('it has no DICOM file meta information');
    }
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetAt } = meta;
    if (!isUid(sopClassUid) || !isUid(transferSyntaxUid) || dataSetAt === undefined) {
      throw unusable('its file meta information is not whole');
    }
    return { sopClassUid, sopInstanceUid, transferSyntaxUid, bytes: bytes.subarray(dataSetAt) };
  } finally {
    await file.close();
  }
}

export function storeRequest({
  sopClassUid,
  sopInstanceUid,
  transferSyntaxUid,
  bytes,
}: StoredObject) {
  const named = { SOPClassUID: sopClassUid, SOPInstanceUID: sopInstanceUid };
  return new requests.CStoreRequest(new StoredDataset(bytes, named, transferSyntaxUid));
}
