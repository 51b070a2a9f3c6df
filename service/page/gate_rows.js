// Draws how far the gates of an LSTM stood open: below each token a cell for each gate.

import { svg } from "./dom.js";
import { flow } from "./flow.js";
import { widthOf } from "./letters.js";
import { decimal } from "./numbers.js";

const SIZE = 15; // pixels of a token's letters
const PADDING = 3;
const NARROWEST = 34; // pixels of a token, for the numbers below
const GAP = 6; // between words
const HAIR = 1; // between the tokens of a word
const ROW = 20;
const CAPTION = 18; // above three gates
const TOKENS = 24;
const BETWEEN = 18; // two lines of tokens
const STRONGEST = 0.42; // opacity of a gate that is open: numbers on it stay readable
const NAMES = 48; // pixels of the gates' names

/**
 * The gates as SVG.
 *
 * steps: [{ text, start, end }], the tokens. groups: [{ caption, gates: [{ name, values }] }], one
 * value a step. width: pixels that it may take.
 */
export function drawGates(steps, groups, width) {
  const boxes = steps.map((step, column) => sized(step, column, width - NAMES));
  const rows = flow(boxes, width - NAMES, GAP, HAIR);
  const gates = groups.reduce((sum, group) => sum + group.gates.length, 0);
  const line = TOKENS + groups.length * CAPTION + gates * ROW + BETWEEN;
  const height = rows.length * line - BETWEEN;
  const drawing = svg("svg", {
    class: "gates",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
  });
  drawing.append(svg("title", {}, `Gates at ${steps.length} tokens, from 0, closed, to 1, open`));
  rows.forEach((row, index) => drawing.append(...drawLine(row, groups, index * line)));
  return drawing;
}

function sized(step, column, room) {
  const shown = shortened(step.text, room - 2 * PADDING);
  const width = Math.min(Math.max(spokenWidth(shown) + 2 * PADDING, NARROWEST), room);
  return { ...step, column, shown, width };
}

function drawLine(row, groups, top) {
  const drawn = row.map(({ shown, x, width }) =>
    svg("text", { class: "step", x: NAMES + x + width / 2, y: top + SIZE }, shown),
  );
  let y = top + TOKENS;
  let number = 0; // of the gate, over all groups
  for (const { caption, gates } of groups) {
    drawn.push(svg("text", { class: "legend", x: 0, y: y + 12 }, caption));
    y += CAPTION;
    for (const { name, values } of gates) {
      drawn.push(svg("text", { class: "axis", x: 0, y: y + 14 }, name));
      for (const box of row) drawn.push(...drawCell(box, y, values[box.column], number));
      y += ROW;
      number += 1;
    }
  }
  return drawn;
}

function drawCell({ x, width, column }, y, value, row) {
  return [
    svg("rect", {
      class: "cell",
      x: NAMES + x,
      y: y + 0.5,
      width,
      height: ROW - 1,
      rx: 2,
      "fill-opacity": STRONGEST * value,
      "data-row": row,
      "data-column": column,
    }),
    svg("text", { class: "gate", x: NAMES + x + width / 2, y: y + 14 }, decimal(value)),
  ];
}

function shortened(text, width) {
  if (spokenWidth(text) <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && spokenWidth(`${letters.join("")}…`) > width) letters.pop();
  return `${letters.join("")}…`;
}

function spokenWidth(text) {
  return widthOf(text, SIZE, "--reading");
}
