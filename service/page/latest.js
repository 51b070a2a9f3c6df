// Of many questions only the newest is worth an answer: what went before is cancelled.

/** Runs one task at a time. A task gets an AbortSignal, and is aborted by the next one. */
export class Latest {
  #controller = null;

  /** Begin a task in place of the one before. An aborted task ends silently. */
  async run(task) {
    this.cancel();
    const { signal } = (this.#controller = new AbortController());
    try {
      await task(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** End the task that runs. */
  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
