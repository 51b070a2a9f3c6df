// The probabilities of the labels, as bars.

import { element } from "./dom.js";
import { percent } from "./numbers.js";

/** A list of bars, from [{ label, score }], best first. */
export function labelBars(predictions) {
  return element("ol", { class: "bars" }, ...predictions.map(bar));
}

function bar({ label, score }, rank) {
  const filled = element("span", { class: "filled" });
  filled.style.width = `${100 * score}%`;
  return element(
    "li",
    { class: rank === 0 ? "best" : null },
    element("span", { class: "label" }, label),
    element("span", { class: "bar", "aria-hidden": "true" }, filled),
    element("span", { class: "number" }, percent(score)),
  );
}
