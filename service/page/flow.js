// Places boxes in rows, as a paragraph flows.

/**
 * Rows of the boxes, each with its x, none wider than `width` unless a box alone is.
 *
 * boxes: [{ start, end, width, … }], where start and end say what of the text a box shows. gap:
 * pixels between words; hair: between what stands in the text without a space between, such as a
 * word and its comma, which is parted only where a row is too short for all of it.
 */
export function flow(boxes, width, gap, hair) {
  const rows = [[]];
  let x = 0;
  for (const group of groups(boxes)) {
    const whole = group.reduce((sum, one) => sum + one.width + hair, -hair);
    for (const [index, one] of group.entries()) {
      const needed = index === 0 && whole <= width ? whole : one.width;
      if (x > 0 && x + needed > width) {
        rows.push([]);
        x = 0;
      }
      rows.at(-1).push({ ...one, x });
      x += one.width + hair;
    }
    x += gap - hair;
  }
  return rows;
}

function groups(boxes) {
  const found = [];
  for (const box of boxes) {
    const together = found.at(-1)?.at(-1)?.end === box.start;
    if (together) found.at(-1).push(box);
    else found.push([box]);
  }
  return found;
}
