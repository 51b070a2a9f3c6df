// Chooses one of the models that could answer.

import { element } from "./dom.js";

/** A labelled choice between options [{ text, … }]; where there is but one, its text. */
export class Choice {
  #options = [];
  #place;
  #name;
  #chosen;
  #select = null;

  /** place: where it shows. name: what is chosen. chosen: called when the user has chosen. */
  constructor(place, name, chosen) {
    this.#place = place;
    this.#name = name;
    this.#chosen = chosen;
  }

  /** The option that is chosen, or undefined where there is none. */
  get value() {
    return this.#options[this.#select?.selectedIndex ?? 0];
  }

  /** Offer other options; the first is chosen. */
  offer(options) {
    this.#options = options;
    this.#select = null;
    this.#place.replaceChildren();
    if (options.length === 1) this.#place.append(`${this.#name}: ${options[0].text}`);
    if (options.length < 2) return;
    this.#select = element("select", {}, ...options.map(({ text }) => element("option", {}, text)));
    this.#select.addEventListener("change", this.#chosen);
    this.#place.append(element("label", {}, element("span", {}, this.#name), this.#select));
  }
}
