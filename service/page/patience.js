// Comes again, as Retry-After says, when the service is busy or still loading.

const RETRIES = 5;
const LONGEST = 30; // seconds; who is told to wait longer is told so

/**
 * What `attempt` answers with, after some retries if need be.
 *
 * waiting: called with the error and the seconds until the next attempt.
 * Throws the last error, or what aborted the signal.
 */
export async function patiently(attempt, signal, waiting) {
  for (let tried = 0; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const seconds = error.retrySeconds ?? null;
      if (signal.aborted || seconds === null || seconds > LONGEST || tried === RETRIES) throw error;
      waiting(error, seconds);
      await pause(seconds * 1000, signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
