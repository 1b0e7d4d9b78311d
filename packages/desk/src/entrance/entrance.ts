import type { FastifyRequest } from 'fastify';
import type { DeskApp } from '../desk-app.js';
import type { DeskCaller } from '../desk-routes.js';
import type { OwnAddress } from './request-checks.js';

/** How browsers come in, and who it is that asks from then on. */
export interface Entrance {
  /** Its own routes, which need nobody to be signed in. */
  readonly addRoutes: (app: DeskApp) => void;
  /** Whether a request is for one of them. */
  readonly isEntrance: (request: Pick<FastifyRequest, 'method' | 'url'>) => boolean;
  /** Undefined where nobody is signed in by the cookie that a request brings. */
  readonly callerOf: (request: FastifyRequest) => Promise<DeskCaller | undefined>;
  /** Where a person goes to who is not signed in; the others are told the error. */
  readonly signInPath?: string;
  readonly notSignedIn: 'not-signed-in' | 'signed-out';
  /** Once it is known where the desk listens. */
  readonly open: (port: number) => OwnAddress;
  /** An address to be opened in a browser, at this origin. */
  readonly addressAt: (origin: string) => string;
}
