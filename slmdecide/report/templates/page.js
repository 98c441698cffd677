// Draws the charts of the page and keeps the "what if" part up to date. Words from outside become text nodes, never markup.
"use strict";
const data = JSON.parse(document.getElementById("page-data").textContent);
const element = (id) => document.getElementById(id);
const CENT = 0.01; // least amount that a scale of orders of magnitude can show
const views = {};

const draw = (chart) =>
  vegaEmbed(element(chart.id), chart.spec, { ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: false, mode: "vega-lite" })
    .then((drawn) => {
      views[chart.id] = drawn.view;
      element(chart.id).querySelector("svg").setAttribute("aria-hidden", "true"); // its words are those of the element around it
    })
    .catch((error) => {
      element(chart.id).textContent = "This chart cannot be drawn here; its numbers are in the table below.";
      console.error(error);
    });

// A closed part would be missing on paper.
const closed = [];
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not([open])")) {
    part.open = true;
    closed.push(part);
  }
});
window.addEventListener("afterprint", () => {
  for (const part of closed.splice(0)) part.open = false;
});

// A table that is seen whole is no stop for the keyboard; without scripts each is one.
const stops = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (const table of document.querySelectorAll(".scroll")) stops.observe(table);

const startWhatIf = (told) => {
  const partsOf = (bill) => bill.parts.map(([model, inputs]) => [told.models[model], told.inputs[inputs]]);
  const rows = told.rows.map((bill) => ({ ...bill, parts: partsOf(bill) }));
  const lines = told.lines.map((bill) => ({ ...bill, parts: partsOf(bill) }));
  const volumeTold = (factor) =>
    told.requests === null ? (factor === 1 ? "the assessed volume" : `${numbers.number(factor)} times the volume`) : `${numbers.number(factor * told.requests)} requests a month`;

  // Each control is a number field with a slider beside it; an empty or impossible field counts as assessed.
  const controls = [...document.querySelectorAll("[data-control]")].map((field) => ({
    name: field.dataset.control,
    field,
    slider: element(`${field.id}-slider`),
    wrong: element(`${field.id}-wrong`),
    assessed: field.defaultValue,
    toSlider: field.dataset.scale === "log" ? Math.log10 : (value) => value,
    fromSlider: field.dataset.scale === "log" ? (value) => Number((10 ** value).toPrecision(3)) : (value) => value,
  }));
  const valueOf = (control) => {
    const text = control.field.value.trim();
    const value = Number(text);
    const fine = text !== "" && Number.isFinite(value) && control.field.validity.valid;
    control.field.setAttribute("aria-invalid", String(!fine && !(text === "" && control.assessed === "" && control.field.validity.valid)));
    control.wrong.hidden = control.field.getAttribute("aria-invalid") === "false";
    return fine ? value : null;
  };
  const settingsNow = () => {
    const found = { ...whatIf.AS_ASSESSED };
    for (const control of controls) {
      const value = valueOf(control);
      if (value === null || control.field.value === control.assessed) continue;
      if (control.name === "volume") found.volume = told.requests === null ? value : value / told.requests;
      else if (control.name === "labelled") found.labelled = value;
      else found[control.name] = value / 100;
    }
    return found;
  };

  const showRows = (settings) => {
    const bills = rows.map((row) => whatIf.costTogether(row.parts, settings));
    const few = rows.map((row) => whatIf.tooFewLabels(row.parts, settings));
    const able = rows.map((_, place) => place).filter((place) => told.likely[place] && !few[place]);
    const least = told.requests === null ? null : able.reduce((best, place) => (best === null || bills[place].total.typical < bills[best].total.typical ? place : best), null);
    rows.forEach((row, place) => {
      const cells = document.querySelectorAll(`[data-row="${place}"] [data-figure]`);
      const bill = bills[place];
      const notes = [];
      if (place === told.chosen && told.requests !== null) notes.push("the choice");
      if (few[place]) notes.push("too few labels");
      if (place === least) notes.push("least of those likely enough");
      const text = { monthly: numbers.usdBand(bill.monthly), once: numbers.usd(bill.once), total: numbers.usdBand(bill.total), note: notes.join("; ") };
      for (const cell of cells) cell.textContent = text[cell.dataset.figure];
    });
    return { bills, least };
  };

  const difference = (ours, large) => {
    const more = large.total.typical - ours.total.typical;
    return more === 0 ? "" : more > 0 ? `, ${numbers.usd(more)} more` : `, ${numbers.usd(-more)} less`;
  };

  const sentences = (settings, { bills, least }) => {
    const chosen = told.chosen === null ? null : bills[told.chosen];
    const large = told.large_line === null ? null : whatIf.costTogether(lines[told.large_line].parts, settings);
    const found = [`At ${volumeTold(settings.volume)}`];
    if (chosen !== null) found[0] += `: ${rows[told.chosen].label}, ${numbers.usdBand(chosen.total)} a month all in`;
    if (large !== null && told.requests !== null) {
      found.push(`${told.large}: ${numbers.usd(large.total.typical)} a month${chosen === null ? "" : difference(chosen, large)}`);
    } else if (large !== null) {
      // Some tasks may go to no large model's API: only the others can be compared.
      const ours = whatIf.costTogether(lines[0].parts, settings);
      found.push(`Where a large model's API may be used: ${lines[0].label} ${numbers.usd(ours.total.typical)} a month, ${told.large} ${numbers.usd(large.total.typical)}${difference(ours, large)}`);
    }
    if (least !== null && least !== told.chosen) {
      found.push(`Least of those likely enough: ${rows[least].label}, ${numbers.usd(bills[least].total.typical)} a month`);
    }
    return `${found.join(". ")}.`;
  };

  const breakEvens = (settings) => {
    if (told.large_line === null) return [];
    const against = lines[told.large_line];
    return lines
      .filter((line) => line !== against)
      .map((line) => {
        const factor = whatIf.cheaperFrom(line.parts, against.parts, settings);
        if (factor === null) return { line, volume: null };
        const volume = factor * settings.volume;
        return { line, volume, typical: whatIf.costTogether(line.parts, { ...settings, volume }).total.typical };
      });
  };

  const showBreakEvens = (found) => {
    const list = element("what-if-break-even");
    element("what-if-break-even-title").hidden = found.length === 0;
    list.replaceChildren(
      ...found.map(({ line, volume }) => {
        const item = document.createElement("li");
        item.textContent = `${line.label}: ${volume === null ? "at none of the volumes drawn" : `from ${volumeTold(volume)}`}`;
        return item;
      }),
    );
  };

  const curves = (settings) => {
    const factors = whatIf.volumeFactors();
    const points = [];
    for (const line of lines) {
      for (const factor of factors) {
        const { total } = whatIf.costTogether(line.parts, { ...settings, volume: settings.volume * factor });
        points.push({
          volume: settings.volume * factor * (told.requests ?? 1),
          series: line.label,
          low: Math.max(CENT, total.low),
          typical: Math.max(CENT, total.typical),
          high: Math.max(CENT, total.high),
        });
      }
    }
    return points;
  };
  // There is always one of each kind, or the chart would have a part without an extent: the second lies under the first,
  // with a point at what the first line costs at the volume that is set.
  const marksOf = (settings, found) => {
    const volume = settings.volume * (told.requests ?? 1);
    const mark = (line, at, typical) => ({ volume: at, kind: "break-even", series: line.label, typical: Math.max(CENT, typical) });
    return [
      { volume, kind: "now" },
      mark(lines[0], volume, whatIf.costTogether(lines[0].parts, settings).total.typical),
      ...found.filter((one) => one.volume !== null).map((one) => mark(one.line, one.volume * (told.requests ?? 1), one.typical)),
    ];
  };

  const showTable = (points) => {
    const every = whatIf.volumeFactors().length;
    const wanted = Array.from({ length: 9 }, (_, place) => Math.round((place * (every - 1)) / 8));
    element("chart-volume-rows").replaceChildren(
      ...wanted.map((place) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        head.scope = "row";
        head.className = "number";
        head.textContent = numbers.number(points[place].volume);
        row.append(head);
        lines.forEach((_, line) => {
          const cell = document.createElement("td");
          cell.className = "number";
          cell.textContent = numbers.usdBand(points[line * every + place]);
          row.append(cell);
        });
        return row;
      }),
    );
  };

  const chart = data.charts.find(({ id }) => id === "chart-volume");
  let speak = 0;
  const update = (spoken) => {
    const settings = settingsNow();
    const shown = showRows(settings);
    const found = breakEvens(settings);
    const points = curves(settings);
    showBreakEvens(found);
    showTable(points);
    const view = views["chart-volume"];
    if (view) view.data("curves", points).data("marks", marksOf(settings, found)).runAsync();
    else chart.spec.datasets = { curves: points, marks: marksOf(settings, found) };
    // A slider on its way would be read out at every step.
    clearTimeout(speak);
    const say = () => {
      element("what-if-answer").textContent = sentences(settings, shown);
    };
    if (spoken) say();
    else speak = setTimeout(say, 300);
  };

  for (const control of controls) {
    control.field.addEventListener("input", () => {
      const value = valueOf(control);
      if (value !== null && control.slider) control.slider.value = control.toSlider(value);
      update(false);
    });
    control.slider?.addEventListener("input", () => {
      control.field.value = control.fromSlider(Number(control.slider.value));
      update(false);
    });
  }
  element("what-if-reset").addEventListener("click", () => {
    for (const control of controls) {
      control.field.value = control.assessed;
      if (control.slider) control.slider.value = control.slider.defaultValue;
    }
    update(true);
  });
  element("what-if-controls").addEventListener("submit", (event) => event.preventDefault());
  update(true);
};

if (data.what_if !== null) startWhatIf(data.what_if);
Promise.all(data.charts.map(draw)).then(() => {
  document.documentElement.dataset.drawn = "true";
});
