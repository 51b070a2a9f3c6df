// Asks the service that this page came from, by relative addresses, and reads its errors.

import { authorization, wantKey } from "./key.js";

const JSON_TYPE = "application/json";

/** An answer that is no success, in the service's own words. */
export class ServiceError extends Error {
  /** status: 0 where the service was not reached. retrySeconds: null where a retry is no use. */
  constructor(status, message, retrySeconds = null) {
    super(message);
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

/** The answer to GET, read as JSON. Throws ServiceError. */
export async function get(path, signal) {
  return (await ask(path, { signal })).json();
}

/** The answer to POST of an object, a Response yet to be read. Throws ServiceError. */
export function post(path, body, signal, accept = JSON_TYPE) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": JSON_TYPE, Accept: accept },
    body: JSON.stringify(body),
    signal,
  });
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, {
      ...options,
      headers: { Accept: JSON_TYPE, ...options.headers, ...authorization() },
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ServiceError(0, "the service cannot be reached; is it running?");
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function errorOf(response) {
  const seconds = Number.parseInt(response.headers.get("Retry-After"), 10);
  // A proxy in front may answer with a page of its own.
  const body = await response.json().catch(() => null);
  const message = body?.error ?? `the answer was ${response.status} ${response.statusText}`;
  if (response.status === 401 || response.status === 403) wantKey(message);
  return new ServiceError(response.status, message, Number.isNaN(seconds) ? null : seconds);
}
