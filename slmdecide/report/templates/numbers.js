// Numbers as text, as slmdecide/numbers.py writes them: three significant digits, "–" for unknown. A test compares both.
const numbers = (() => {
  "use strict";
  const UNKNOWN = "–";
  const THOUSANDS = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "k"]];
  const SHORTEST = 1e-6;
  const LONGEST = 1e15;

  const known = (value) => typeof value === "number" && Number.isFinite(value);

  // Rounded to three significant digits, exact halves to the even neighbour as Python does.
  const significant = (value) => {
    if (value === 0) return 0;
    const [mantissa, power] = Math.abs(value).toExponential(25).split("e");
    const digits = mantissa.replace(".", "");
    let kept = Number(digits.slice(0, 3));
    const rest = digits.slice(3);
    const half = "5" + "0".repeat(rest.length - 1);
    if (rest > half || (rest === half && kept % 2 === 1)) kept += 1;
    return Math.sign(value) * Number(`${kept}e${Number(power) - 2}`);
  };

  const plain = (value) => {
    const text = value.toLocaleString("en-US", { maximumFractionDigits: 12 });
    return text === "-0" ? "0" : text;
  };

  const number = (value) => {
    if (!known(value)) return UNKNOWN;
    const rounded = significant(value);
    const size = Math.abs(rounded);
    if (rounded !== 0 && !(SHORTEST <= size && size < LONGEST)) {
      return rounded.toPrecision(3).replace(/\.?0+(?=e)/, "").replace(/e([+-])(\d)$/, "e$10$2");
    }
    for (const [least, suffix] of THOUSANDS) {
      if (size >= least && !(suffix === "k" && size < 1e4)) return plain(significant(rounded / least)) + suffix;
    }
    return plain(rounded);
  };

  // Whole dollars, exact halves to the even neighbour as Python does.
  const whole = (value) => {
    const below = Math.floor(value);
    const up = value - below > 0.5 || (value - below === 0.5 && below % 2 === 1);
    return (up ? below + 1 : below).toLocaleString("en-US");
  };

  const withCents = (text) => {
    const [dollars, cents] = text.split(".");
    return cents === undefined ? dollars : `${dollars}.${cents.padEnd(2, "0")}`;
  };

  const usd = (value) => {
    if (!known(value)) return UNKNOWN;
    const sign = value < 0 ? "-" : "";
    const rounded = significant(Math.abs(value));
    if (0 < rounded && rounded < SHORTEST) return `${sign ? ">-" : "<"}$${plain(SHORTEST)}`;
    if (rounded >= 1e6) return `${sign}$${number(rounded)}`;
    return sign + "$" + (rounded >= 10 ? whole(rounded) : withCents(plain(rounded)));
  };

  const usdBand = (band) => {
    if (band === null) return UNKNOWN;
    const [low, typical, high] = [usd(band.low), usd(band.typical), usd(band.high)];
    if (low === typical && typical === high) return typical;
    const dollars = low.startsWith("$") && high.startsWith("$");
    return dollars ? `${typical} (${low}–${high.slice(1)})` : `${typical} (${low} to ${high})`;
  };

  return { number, usd, usdBand };
})();
