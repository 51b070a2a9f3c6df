// The frame of a picture: its title, its numbers as a table, and the buttons that save it.

import { button, element } from "./dom.js";
import { save } from "./picture.js";

/**
 * A figure around a drawing that depends on the width there is.
 *
 * draw(width): answers an SVG element. table(): answers a table with the same numbers, made when
 * somebody wants to see it. extras: what else stands below the drawing. keep(kind): saves the picture
 * as svg or png; by default the drawing is saved as it is seen.
 */
export function figure({ title, file, draw, table, extras = [], keep }) {
  const stage = element("div", { class: "stage" });
  keep ??= (kind) => save(stage.querySelector("svg"), file, kind);
  const saves = ["svg", "png"].map((kind) =>
    button(kind.toUpperCase(), () => keep(kind), {
      "aria-label": `Save the picture as ${kind.toUpperCase()}: ${title}`,
    }),
  );
  const numbers = element("details", {}, element("summary", {}, "Numbers"));
  numbers.addEventListener("toggle", () => {
    if (numbers.open && numbers.childElementCount === 1) {
      numbers.append(element("div", { class: "scrolls", tabindex: 0 }, table()));
    }
  });
  const made = element(
    "figure",
    {},
    element(
      "figcaption",
      {},
      element("h2", {}, title),
      element("div", { class: "saves" }, "Save ", ...saves),
    ),
    stage,
    ...extras,
    numbers,
  );
  redrawing(stage, draw);
  return made;
}

/** A table with a row of headings; a cell is a text. */
export function tableOf(headings, rows) {
  const cells = (name, texts, attributes) => texts.map((text) => element(name, attributes, text));
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...cells("th", headings, { scope: "col" }))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))),
  );
}

function redrawing(stage, draw) {
  let drawn = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.floor(contentRect.width);
    if (width === 0 || width === drawn) return; // hidden, or only the height has changed
    drawn = width;
    stage.replaceChildren(draw(width));
  }).observe(stage);
}
