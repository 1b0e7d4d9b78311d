import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';

/** Of the two kinds of server, HTTP and HTTPS, nothing that differs is used. */
export type DeskApp = FastifyInstance<Server>;
