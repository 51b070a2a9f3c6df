// Draws what each word adds to the answer: tinted words with a signed number below each.
//
// A word that speaks for the label has a solid line below it, one that speaks against it a dashed
// one, so that the picture can be read without its colours.

import { svg } from "./dom.js";
import { flow } from "./flow.js";
import { widthOf } from "./letters.js";
import { signed } from "./numbers.js";

const SIZE = 20; // pixels of a word's letters
const NUMBER_SIZE = 12;
const PADDING = 5;
const GAP = 8; // between words
const HAIR = 2; // between a word and its comma
const ROW = 62;
const LEGEND = 44;
const STRONGEST = 0.42; // opacity of the tint: black on it stays readable, and so does white

/** The drawing, from [{ text, start, end, contribution }]. width: pixels that it may take. */
export function drawWords(words, label, width) {
  const boxes = words.map((word) => sized(word, width));
  const rows = flow(boxes, width, GAP, HAIR);
  const largest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  const height = LEGEND + rows.length * ROW;
  const drawing = svg("svg", {
    class: "words",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
  });
  drawing.append(svg("title", {}, describe(words, label)));
  drawing.append(...legend(label, width));
  rows.forEach((row, index) => {
    for (const placed of row) drawing.append(drawWord(placed, LEGEND + index * ROW, largest));
  });
  return drawing;
}

function sized(word, width) {
  const shown = shortened(word.text, width - 2 * PADDING);
  const number = widthOf(signed(word.contribution), NUMBER_SIZE, "--plain");
  const own = Math.max(spokenWidth(shown), number) + 2 * PADDING;
  return { word, shown, start: word.start, end: word.end, width: Math.min(own, width) };
}

function drawWord({ word, shown, x, width }, y, largest) {
  const share = Math.abs(word.contribution) / largest;
  const side = word.contribution < 0 ? "against" : "for";
  const center = x + width / 2;
  const lineY = y + 34;
  return svg(
    "g",
    { class: `word ${side}` },
    svg("title", {}, `${word.text} ${signed(word.contribution)}`),
    svg("rect", {
      class: "tint",
      x,
      y,
      width,
      height: 32,
      rx: 4,
      "fill-opacity": STRONGEST * share,
    }),
    svg("line", {
      class: "mark",
      x1: x + 2,
      x2: x + width - 2,
      y1: lineY,
      y2: lineY,
      "stroke-width": 0.5 + 3 * share,
    }),
    svg("text", { class: "spoken", x: center, y: y + 22 }, shown),
    svg("text", { class: "weight", x: center, y: y + 50 }, signed(word.contribution)),
  );
}

function legend(label, width) {
  const step = Math.min(22, width / 14);
  const shares = [-1, -0.6, -0.25, 0, 0.25, 0.6, 1];
  const names = [`− against ${label}`, `for ${label} +`];
  const room = (width - step * shares.length) / 2 - GAP;
  const [against, speaksFor] = names.every((name) => widthOf(name, NUMBER_SIZE, "--plain") < room)
    ? names
    : ["− against", "for +"];
  const start = widthOf(against, NUMBER_SIZE, "--plain") + 2 * GAP;
  const swatches = shares.map((share, index) => {
    const x = start + index * step;
    const strength = Math.abs(share);
    return svg(
      "g",
      { class: share < 0 ? "against" : "for" },
      svg("rect", {
        class: "tint",
        x: x + 1,
        y: 4,
        width: step - 2,
        height: 12,
        rx: 2,
        "fill-opacity": 0.06 + STRONGEST * strength,
      }),
      svg("line", {
        class: "mark",
        x1: x + 2,
        x2: x + step - 2,
        y1: 19,
        y2: 19,
        "stroke-width": 0.5 + 3 * strength,
      }),
    );
  });
  const end = start + step * shares.length + GAP;
  return [
    ...swatches,
    svg("text", { class: "legend", x: 0, y: 15 }, against),
    svg("text", { class: "legend", x: end, y: 15 }, speaksFor),
  ];
}

function describe(words, label) {
  const strongest = [...words].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const named = strongest.slice(0, 5).map((word) => `${word.text} ${signed(word.contribution)}`);
  return `What each word adds to the answer ${label}. The most: ${named.join(", ")}.`;
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
