// The translations that the search ranked best, with their scores.

import { element } from "./dom.js";
import { decimal } from "./numbers.js";

/** A list of [{ text, score }], best first. language: the code of what they are written in. */
export function alternativesList(hypotheses, language) {
  return element(
    "div",
    { class: "alternatives" },
    element("h2", {}, "Alternatives"),
    element(
      "ol",
      {},
      ...hypotheses.map(({ text, score }) =>
        element(
          "li",
          {},
          element("span", { class: "text", lang: language }, text),
          element("span", { class: "number" }, decimal(score)),
        ),
      ),
    ),
    element(
      "p",
      { class: "quiet" },
      "The score is the log-probability, evened out for length: nearer to 0 is better.",
    ),
  );
}
