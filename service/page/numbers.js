// Numbers as the page writes them, in figures of one width.

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const PLAIN = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const SIGNED = new Intl.NumberFormat("en", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: "exceptZero",
});

/** A probability from 0 to 1, as 82.4%. */
export function percent(probability) {
  return PERCENT.format(probability);
}

/** A number with its sign where it is negative, as −1.20. */
export function decimal(value) {
  return PLAIN.format(value === 0 ? 0 : value).replace("-", "−");
}

/** A number with its sign, as +0.35; 0.00 has none. */
export function signed(value) {
  return SIGNED.format(value).replace("-", "−");
}
