// Answers [text, contrast, contrast that it needs] of every text that the page shows.
//
// WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large letters. The ground of a text is the nearest that
// is painted; in a picture of words also the tint of its own word.

const number = (colour) => colour.match(/[\d.]+/g).map(Number);
const blend = (over, share, under) =>
  over.map((value, i) => value * share + under[i] * (1 - share));
const light = (colour) => {
  const [r, g, b] = colour.map((v) =>
    (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
function ground(element) {
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = number(getComputedStyle(at).backgroundColor);
    if (alpha === 1) return [r, g, b];
  }
}
const found = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
  if (["title", "TITLE", "NOSCRIPT", "OPTION"].includes(element.tagName)) continue;
  if (element.matches(".unseen, :disabled")) continue;
  const style = getComputedStyle(element);
  const drawn = element.namespaceURI.endsWith("svg");
  let under = ground(drawn ? element.closest("figure") : element);
  const tint = drawn && element.matches(".spoken") && element.parentNode.querySelector(".tint");
  if (tint)
    under = blend(number(getComputedStyle(tint).fill), tint.getAttribute("fill-opacity"), under);
  const [a, b] = [light(number(drawn ? style.fill : style.color)), light(under)].sort(
    (x, y) => y - x,
  );
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  found.push([element.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05), large ? 3 : 4.5]);
}
return found;
