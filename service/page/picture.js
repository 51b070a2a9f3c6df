// Saves a drawing of the page as a file of its own, as SVG or PNG.

import { svg } from "./dom.js";

// What style.css decides on the page, a file has to say itself.
const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-dasharray",
  "stroke-width",
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
  "text-anchor",
];
const MARGIN = 16; // pixels around the drawing
const SHARPNESS = 2; // pixels of the PNG for one of the page
const LARGEST = 8192; // pixels of a side, which every browser can paint

/** The drawing as the text of an SVG file, with the page's background. */
export function svgFile(drawing) {
  const [width, height] = sizeOf(drawing);
  const copy = withStyles(drawing);
  copy.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const fill = getComputedStyle(drawing).getPropertyValue("--surface").trim();
  copy.prepend(svg("rect", { x: -MARGIN, y: -MARGIN, width, height, fill }));
  return new XMLSerializer().serializeToString(copy);
}

/** The drawing as a Blob of PNG. */
export async function pngFile(drawing) {
  const [width, height] = sizeOf(drawing);
  const scale = Math.min(SHARPNESS, LARGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const address = URL.createObjectURL(svgBlob(drawing));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(address);
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

/** Saves the drawing as a file. kind: svg or png. */
export async function save(drawing, name, kind) {
  const blob = kind === "png" ? await pngFile(drawing) : svgBlob(drawing);
  download(blob, `${name}.${kind}`);
}

/** Hands a file to the browser's downloads. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // a slow dialog may still read it
}

function svgBlob(drawing) {
  return new Blob([svgFile(drawing)], { type: "image/svg+xml" });
}

function sizeOf(drawing) {
  const { width, height } = drawing.viewBox.baseVal;
  return [width + 2 * MARGIN, height + 2 * MARGIN];
}

function withStyles(drawing) {
  const copy = drawing.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  drawing.querySelectorAll("*").forEach((original, index) => {
    const computed = getComputedStyle(original);
    for (const name of STYLES) copies[index].setAttribute(name, computed.getPropertyValue(name));
    copies[index].removeAttribute("class");
  });
  copy.removeAttribute("class");
  return copy;
}
