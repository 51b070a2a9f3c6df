// The terms that a translation has to use, as the user types them: "house = Gebäude", a line each.

import { element } from "./dom.js";

const EXAMPLE = "house = Gebäude";

/** A field for a glossary. Hidden while the model that would translate takes none. */
export class GlossaryField {
  #area = element("textarea", {
    id: "glossary",
    rows: 2,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "glossary-hint",
    placeholder: EXAMPLE,
  });
  #hint = element("p", { id: "glossary-hint", class: "quiet", role: "status" });
  #whole;
  #taken = false;

  /** place: where it shows. changed: called when the terms may have become others. */
  constructor(place, changed) {
    const label = element("label", { for: "glossary" }, "Terms, and what each is to become");
    this.#whole = element("details", { class: "glossary", hidden: true });
    this.#whole.append(element("summary", {}, "Glossary"), label, this.#area, this.#hint);
    place.append(this.#whole);
    this.#area.addEventListener("input", () => {
      this.#say();
      changed();
    });
  }

  /** What a request says of it: { glossary }, or nothing where there is nothing to say. */
  get wanted() {
    const { terms } = this.#read();
    return this.#taken && Object.keys(terms).length > 0 ? { glossary: terms } : {};
  }

  /** Show it for a model that takes a glossary, and hide it for one that takes none. */
  offer(taken) {
    this.#taken = Boolean(taken);
    this.#whole.hidden = !this.#taken;
  }

  /** { terms, wrong }: the terms of the lines that are whole, and the numbers of the others. */
  #read() {
    const pairs = [];
    const wrong = [];
    for (const [number, line] of this.#area.value.split("\n").entries()) {
      const [term, ...rest] = line.split("=");
      const pair = [term.trim(), rest.join("=").trim()];
      if (pair.every((part) => part !== "")) pairs.push(pair);
      else if (line.trim() !== "") wrong.push(number + 1);
    }
    // No assignment: a term may be named as a part of every object is.
    return { terms: Object.fromEntries(pairs), wrong };
  }

  #say() {
    const { wrong } = this.#read();
    const which = wrong.length === 1 ? `Line ${wrong[0]} is` : `Lines ${wrong.join(", ")} are`;
    this.#hint.textContent = wrong.length
      ? `${which} no term yet: write a term, = and its translation, such as ${EXAMPLE}.`
      : "";
  }
}
