import { VirtualClock } from '@fedvox/base';
import { refuse } from '@fedvox/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FederationServerOptions } from '../grpc/federation-server.js';
import type { Wire } from '../wire.js';
import { type Member, TestFederation } from './test-federation.js';

/** Who may call whom, whatever calls travel by. */
export function describeCallers(name: string, wire: Wire): void {
  describe(`by ${name}, a site`, () => {
    let federation: TestFederation;
    beforeAll(async () => {
      federation = await TestFederation.create(wire);
    });

    async function told(site: Member, options: Partial<FederationServerOptions> = {}) {
      const server = await federation.serve({}, options);
      const client = federation.dial(server, site);
      const answer = await client.hello([]).then(
        () => 'welcome',
        (error) => error.code,
      );
      client.close();
      await server.stop(0);
      const noted = server.events.map(({ error }) => (error as { code?: string }).code);
      return { answer, noted };
    }

    it('learns the coordinator’s certificate once a call has connected', async () => {
      const server = await federation.serve({});
      const client = federation.dial(server, await federation.member());
      expect(client.coordinator).toBeUndefined();
      await client.hello([]);
      expect(client.coordinator?.fingerprint).toBe(federation.coordinator.certificate.fingerprint);
      client.close();
      await server.stop(0);
      expect(server.events).toEqual([]);
    });

    it.each([
      { who: 'with an operator’s certificate', terms: { role: 'operator' }, code: 'wrong-role' },
      {
        who: 'with a coordinator’s certificate',
        terms: { role: 'coordinator' },
        code: 'wrong-role',
      },
      { who: 'of another federation', terms: { federation: 'south' }, code: 'unauthenticated' },
    ] as const)('$who is refused by name on both sides', async ({ terms, code }) => {
      const answer = `refused/${code}`;
      expect(await told(await federation.member(terms))).toEqual({ answer, noted: [answer] });
    });

    it('is judged again on every call, so that a revocation counts at once', async () => {
      let isRevoked = false;
      const authorize = () => {
        if (isRevoked) throw refuse('revoked', { name: 'alice' });
      };
      const server = await federation.serve({}, { authorize });
      const client = federation.dial(server, await federation.member());
      await client.hello([]);
      isRevoked = true;
      await expect(client.nextTask('idle')).rejects.toMatchObject({ code: 'refused/revoked' });
      client.close();
      await server.stop(0);
    });

    it('is refused once its certificate ends by the coordinator’s clock, connected or not', async () => {
      const clock = new VirtualClock({ startMs: Date.now() });
      const server = await federation.serve({}, { clock });
      const client = federation.dial(server, await federation.member({ validDays: 30 }));
      await client.hello([]);
      clock.leap(31 * 86_400_000);
      await expect(client.hello([])).rejects.toMatchObject({ code: 'refused/unauthenticated' });
      client.close();
      await server.stop(0);
    });

    it('that dials where nobody listens is told so, with the address', async () => {
      const gone = await federation.serve({});
      await gone.stop(0);
      const client = federation.dial(gone, await federation.member());
      await expect(client.hello([])).rejects.toMatchObject({
        code: 'protocol/coordinator-unreachable',
        message: expect.stringContaining(`localhost:${gone.port}`),
      });
      client.close();
    });

    it('enrols without a certificate, and is refused by name where its token is no good', async () => {
      const { der } = (await federation.member()).certificate;
      const noted: string[] = [];
      const server = await wire.serveEnrollment(
        {
          enroll: async ({ token, certificateRequest }) => {
            if (token !== 'good') throw refuse('token-invalid');
            expect(Buffer.from(certificateRequest).toString()).toBe('csr');
            return [der];
          },
        },
        { ...federation.listen, onEvent: ({ kind }) => noted.push(kind) },
      );
      const enrol = (token: string) =>
        wire.enroll({
          address: `localhost:${server.port}`,
          federation: 'north',
          caPem: federation.authority.certificatePem,
          token,
          certificateRequest: Buffer.from('csr'),
          onSent: () => undefined,
        });
      expect(await enrol('good')).toEqual([der]);
      await expect(enrol('bad')).rejects.toMatchObject({ code: 'refused/token-invalid' });
      expect(noted).toEqual(['call-refused']);
      await server.stop(0);
    });

    it('finds one coordinator at an address: a second is told that it cannot listen', async () => {
      const server = await federation.serve({});
      await expect(federation.serve({}, { port: server.port })).rejects.toMatchObject({
        code: 'protocol/listen-failed',
      });
      await server.stop(0);
    });
  });
}
