import type { HttpClient, HttpContext } from '@angular/common/http';
import type { StrictHttpResponse } from '@nohands/api-client';
import type { Observable } from 'rxjs';

type Call<Params, Answer> = (
  http: HttpClient,
  rootUrl: string,
  params: Params,
  context?: HttpContext,
) => Observable<StrictHttpResponse<Answer>>;

/** A call without its optional headers, which the OpenAPI document names as if they were needed. */
export function withoutHeaders<Params, Answer>(
  call: Call<Params, Answer>,
): Call<Omit<Params, 'if-match' | 'idempotency-key'>, Answer> {
  return call as never;
}
