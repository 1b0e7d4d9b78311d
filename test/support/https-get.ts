import { request } from 'node:https';
import type { TestConsortium } from './consortium.js';

/** What the coordinator's REST interface answers its operator, as text. */
export function httpsGet(
  { consortium }: TestConsortium,
  httpPort: number,
  path: string,
): Promise<string> {
  const { certificatePem: cert, keyPem: key } = consortium.operator;
  const options = { ca: consortium.authority.certificatePem, cert, key };
  return new Promise((resolve, reject) => {
    const call = request(`https://localhost:${httpPort}${path}`, options, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve(Buffer.concat(chunks).toString());
    });
    call.on('error', reject);
    call.end();
  });
}
