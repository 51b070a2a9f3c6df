// Lets a reader walk over the cells of a matrix, by pointer or arrow keys, and reads each out.

import { element } from "./dom.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * A line of text that says what the cell under the pointer or cursor holds.
 *
 * stage: holds the drawing, whose cells carry data-row and data-column.
 * read(row, column): the text for a cell.
 */
export function readout(stage, rows, columns, read) {
  const line = element(
    "p",
    { class: "readout", "aria-live": "polite" },
    "Point at a cell, or use the arrow keys.",
  );
  let at = null;

  function go(row, column) {
    at = [Math.min(Math.max(row, 0), rows - 1), Math.min(Math.max(column, 0), columns - 1)];
    stage.querySelector(".current")?.classList.remove("current");
    const cell = stage.querySelector(`[data-row="${at[0]}"][data-column="${at[1]}"]`);
    cell?.classList.add("current");
    line.textContent = read(...at);
    return cell;
  }

  stage.addEventListener("pointerover", ({ target }) => {
    if (target.dataset.row !== undefined)
      go(Number(target.dataset.row), Number(target.dataset.column));
  });
  stage.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const cell = at ? go(at[0] + step[0], at[1] + step[1]) : go(0, 0);
    cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  return line;
}
