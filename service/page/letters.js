// Measures texts as the page's typefaces set them.

const pen = document.createElement("canvas").getContext("2d");

/** The width of a text in pixels. size: of the letters; family: a property of style.css. */
export function widthOf(text, size, family) {
  const families = getComputedStyle(document.documentElement).getPropertyValue(family);
  pen.font = `${size}px ${families}`;
  return pen.measureText(text).width;
}
