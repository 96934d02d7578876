import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Problem } from '@nohands/domain';
import { answerProblem, describeFault, toProblem } from './problem-answer.js';
import type { ApiReply, ApiRequest } from './request.js';
import { RouteTable } from './route-table.js';

/** The one place where errors become answers; what nobody foresaw is logged and told as nothing but its request id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('Request');
  readonly #routes: RouteTable;

  constructor(routes: RouteTable) {
    this.#routes = routes;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<ApiRequest>();
    const reply = http.getResponse<ApiReply>();
    if (reply.sent || reply.raw.headersSent) return this.#cut(error, request, reply);
    const problem = toProblem(error) ?? this.#unforeseen(error, request);
    answerProblem(request, reply, isRouteMissing(error) ? this.#routes.explainMissing(request) : problem);
  }

  /** Too late for an answer: a cut connection is how a reader learns that something is missing. */
  #cut(error: unknown, request: ApiRequest, reply: ApiReply): void {
    if (!reply.raw.destroyed && !reply.raw.writableEnded) {
      this.#unforeseen(error, request);
      reply.raw.destroy();
    }
  }

  #unforeseen(error: unknown, request: ApiRequest): Problem {
    // The path without its query: a query may hold what a user did not mean to be logged.
    const path = request.url.split('?', 1)[0];
    this.#logger.error(`${request.id} ${request.method} ${path}: ${describeFault(error)}`);
    return new Problem(
      'internal',
      `The server made a mistake. Its log says more under the id ${request.id}.`,
    );
  }
}

/** Nest's own 404: no controller has this method and path. */
function isRouteMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotFoundException';
}
