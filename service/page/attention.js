// Where the decoder looked while it wrote each token: a matrix for each sentence.

import { readout } from "./cells.js";
import { button, element } from "./dom.js";
import { figure, tableOf } from "./figure.js";
import { drawMatrix } from "./matrix.js";
import { decimal } from "./numbers.js";

/** A figure for each sentence, one of them shown. blocks: those of the answer of POST /explain. */
export function attentionFigures(blocks) {
  const place = element("div");
  let shown = 0;

  function show(index) {
    shown = index;
    place.replaceChildren(
      ...(blocks.length > 1 ? [pager()] : []),
      attentionFigure(blocks[index], index),
    );
  }

  function pager() {
    const turn = (text, step, name) =>
      button(
        text,
        () => {
          show(shown + step);
          const again = place.querySelector(`[data-step="${step}"]`);
          (again.disabled ? place.querySelector(".pager button:enabled") : again).focus();
        },
        { "aria-label": name, "data-step": step, disabled: !blocks[shown + step] },
      );
    return element(
      "div",
      { class: "pager" },
      turn("‹", -1, "Previous sentence"),
      element("span", { role: "status" }, `Sentence ${shown + 1} of ${blocks.length}`),
      turn("›", 1, "Next sentence"),
    );
  }

  show(0);
  return place;
}

function attentionFigure(block, index) {
  const source = block.source.map(shownToken);
  source[source.length - 1] = "end"; // the token by which the encoder knows that no more comes
  const target = block.target.map(shownToken);
  const weights = block.attention; // [target tokens][source tokens], each row sums to 1
  const made = figure({
    title: "Attention",
    file: `attention-${index + 1}`,
    draw: (width) => drawMatrix(source, target, weights, width),
    table: () =>
      tableOf(
        ["", ...source],
        target.map((token, row) => [token, ...weights[row].map(decimal)]),
      ),
  });
  const stage = made.querySelector(".stage");
  for (const [name, value] of Object.entries({
    tabindex: 0,
    role: "group",
    "aria-label": "Attention: arrow keys move from cell to cell",
  })) {
    stage.setAttribute(name, value);
  }
  const read = (row, column) => {
    const weight = decimal(weights[row][column]);
    return `“${target[row]}” gave “${source[column]}” ${weight} of its attention.`;
  };
  stage.after(readout(stage, target.length, source.length, read));
  return made;
}

function shownToken({ text }) {
  return text || "␣";
}
