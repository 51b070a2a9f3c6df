// Draws a matrix of attention: a row for each token written, a column for each token read.

import { svg } from "./dom.js";
import { widthOf } from "./letters.js";

const LARGEST = 34; // pixels of a cell's side
const SMALLEST = 15;
const SIZE = 13; // pixels of a heading's letters
const GAP = 8; // between headings and cells
const LEGEND = 40;
const AXIS = 56; // the name of an axis, at the corner
const LINE = 18;

/**
 * The matrix as SVG.
 *
 * source, target: texts of tokens. weights: [target tokens][source tokens], from 0 to 1. width:
 * pixels at hand; a longer sentence takes more, and its frame scrolls.
 */
export function drawMatrix(source, target, weights, width) {
  const left = Math.max(headingSize(target), AXIS);
  const top = Math.max(headingSize(source), 2 * LINE) + LEGEND;
  const room = (width - left - GAP) / source.length;
  const side = Math.floor(Math.min(Math.max(room, SMALLEST), LARGEST));
  const wide = Math.max(left + GAP + side * source.length, Math.min(width, 280));
  const high = top + GAP + side * target.length;
  const drawing = svg("svg", {
    class: "matrix",
    viewBox: `0 0 ${wide} ${high}`,
    width: wide,
    height: high,
    role: "img",
  });
  drawing.append(
    svg("title", {}, `Attention: ${target.length} tokens written, ${source.length} read`),
    ...legend(),
  );
  drawing.append(
    svg("text", { class: "axis end", x: left, y: top - LINE }, "read →"),
    svg("text", { class: "axis end", x: left, y: top }, "written ↓"),
  );
  source.forEach((token, column) => {
    const x = left + GAP + (column + 0.5) * side + 4;
    drawing.append(
      svg("text", { class: "token", x, y: top, transform: `rotate(-90 ${x} ${top})` }, token),
    );
  });
  target.forEach((token, row) => {
    const y = top + GAP + row * side;
    drawing.append(svg("text", { class: "token end", x: left, y: y + side / 2 + 4 }, token));
    source.forEach((_, column) => {
      const x = left + GAP + column * side;
      drawing.append(
        cell(x, y, side, weights[row][column], { "data-row": row, "data-column": column }),
      );
    });
  });
  return drawing;
}

function cell(x, y, side, weight, attributes) {
  const box = { x: x + 0.5, y: y + 0.5, width: side - 1, height: side - 1 };
  return svg("rect", {
    class: "cell",
    ...box,
    rx: 2,
    "fill-opacity": 0.04 + 0.96 * weight,
    ...attributes,
  });
}

function legend() {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const swatches = shares.map((share, index) => cell(18 + index * 20, 0, 18, share, {}));
  return [
    svg("text", { class: "legend", x: 4, y: 13 }, "0"),
    ...swatches,
    svg("text", { class: "legend", x: 122, y: 13 }, "1 of a row’s attention"),
  ];
}

function headingSize(tokens) {
  return Math.ceil(Math.max(0, ...tokens.map((token) => widthOf(token, SIZE, "--plain")))) + 2;
}
