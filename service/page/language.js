// Says which language the text seems to be in, where the service can tell.

import { Latest } from "./latest.js";
import { languageName } from "./models.js";
import { percent } from "./numbers.js";
import { post, ServiceError } from "./service.js";

/** Shows the language of a text in a place. */
export class LanguageLine {
  /** Whether the service can tell. */
  enabled = false;
  #latest = new Latest();
  #place;

  constructor(place) {
    this.#place = place;
  }

  /** Ask which language a text is in. */
  show(text) {
    if (!this.enabled) return;
    this.#latest.run(async (signal) => {
      this.#place.textContent = await this.#detected(text, signal);
    });
  }

  /** Show nothing. */
  clear() {
    this.#latest.cancel();
    this.#place.textContent = "";
  }

  async #detected(text, signal) {
    try {
      const [best] = await (await post("detect", { q: text }, signal)).json();
      return `Looks ${languageName(best.language)}, ${percent(best.confidence / 100)}`;
    } catch (error) {
      if (signal.aborted || !(error instanceof ServiceError)) throw error;
      return "";
    }
  }
}
