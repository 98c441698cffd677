// What an option would cost at another volume, API price, utilization or number of labels.
// Mirrors slmdecide/money/what_if.py function by function: a change here is a change there. A test compares both.
const whatIf = (() => {
  "use strict";
  const EDGES = [-1, 0, 1];
  const REACH = 100;
  const PER_DECADE = 30;
  const HALVINGS = 50;
  const SECONDS_PER_HOUR = 3600;
  const AS_ASSESSED = { volume: 1, apiPrice: 1, utilization: null, labelled: null };

  const at = (band, edge) => (edge < 0 ? band.low : edge > 0 ? band.high : band.typical);

  const labelledAt = (inputs, settings) => (settings.labelled === null ? inputs.labelled_examples : settings.labelled);

  // USD for the labels that are still to be bought, as far as they can be had.
  const labels = (member, inputs, settings) => {
    if (member.usd_per_label === null) return 0;
    const labelled = labelledAt(inputs, settings);
    return Math.max(0, Math.min(inputs.labels_enough, labelled + inputs.obtainable_examples) - labelled) * member.usd_per_label;
  };

  // Whole replicas for the peak load: max(1, ceil(peak ÷ (capacity × utilization))).
  const replicas = (peak, capacity, utilization) => Math.max(1, Math.ceil(peak / (capacity * utilization) - 1e-9));

  // USD a month and once, of the serving that costs least all in.
  const hosted = (servings, inputs, settings, requests, edge) => {
    const utilization = settings.utilization === null ? inputs.utilization : settings.utilization;
    const peak = (requests / (inputs.hours_on_per_month * SECONDS_PER_HOUR)) * inputs.peak_to_mean;
    let best = null;
    for (const one of servings) {
      const count = replicas(peak, at(one.requests_per_second, -edge), utilization);
      const bill = { monthly: count * at(one.usd_per_month, edge), once: count * at(one.purchase_usd, edge) };
      bill.allIn = bill.once / inputs.horizon_months + bill.monthly;
      if (best === null || bill.allIn < best.allIn) best = bill;
    }
    return best;
  };

  // USD a month and once, of one model that gets so many requests a month.
  const billOf = (member, inputs, settings, requests, edge) => {
    let monthly = at(member.usd_per_month, edge);
    let once = at(member.once_usd, edge) + labels(member, inputs, settings);
    if (member.usd_per_request !== null) monthly += requests * member.usd_per_request * settings.apiPrice;
    if (member.servings.length) {
      const host = hosted(member.servings, inputs, settings, requests, edge);
      monthly += host.monthly;
      once += host.once;
    }
    return { monthly, once };
  };

  // The cost of one option under the settings: monthly band, once, total band.
  const costAt = (model, inputs, settings) => {
    const [monthly, once, total] = [[], [], []];
    for (const edge of EDGES) {
      const requests = inputs.requests_per_month * settings.volume * (1 + edge * inputs.uncertainty_share);
      const bills = model.members.map((one) => billOf(one, inputs, settings, requests * at(one.share, edge), edge));
      const month = bills.reduce((sum, one) => sum + one.monthly, 0);
      const paid = bills.reduce((sum, one) => sum + one.once, at(model.once_usd, edge));
      monthly.push(month);
      once.push(paid);
      total.push(month + paid / inputs.horizon_months + requests * model.wrong_usd_per_request);
    }
    return {
      monthly: { low: Math.min(...monthly), typical: monthly[1], high: Math.max(...monthly) },
      once: once[1],
      total: { low: total[0], typical: total[1], high: total[2] },
    };
  };

  const plus = (a, b) => ({ low: a.low + b.low, typical: a.typical + b.typical, high: a.high + b.high });

  // The cost of several options together; `parts` are pairs of a model and its task's inputs.
  const costTogether = (parts, settings) => {
    const nothing = { low: 0, typical: 0, high: 0 };
    return parts
      .map(([model, inputs]) => costAt(model, inputs, settings))
      .reduce((sum, one) => ({ monthly: plus(sum.monthly, one.monthly), once: sum.once + one.once, total: plus(sum.total, one.total) }), {
        monthly: nothing,
        once: 0,
        total: nothing,
      });
  };

  // Whether one of the options is fine-tuned on labels of which there are not enough to consider it.
  const tooFewLabels = (parts, settings) =>
    parts.some(
      ([model, inputs]) =>
        model.members.some((one) => one.usd_per_label !== null) &&
        labelledAt(inputs, settings) + inputs.obtainable_examples < inputs.labels_to_specialize,
    );

  // The factors on the volume that are looked at, evenly over orders of magnitude.
  const volumeFactors = () => {
    const half = Math.round(Math.log10(REACH)) * PER_DECADE;
    return Array.from({ length: 2 * half + 1 }, (_, place) => 10 ** ((place - half) / PER_DECADE));
  };

  const isCheaper = (parts, against, settings, factor) => {
    const there = { ...settings, volume: settings.volume * factor };
    return costTogether(parts, there).total.typical <= costTogether(against, there).total.typical;
  };

  // The least factor on the volume at which the parts cost, all in, at most what the others cost; null within reach at none.
  const cheaperFrom = (parts, against, settings) => {
    const factors = volumeFactors();
    const place = factors.findIndex((factor) => isCheaper(parts, against, settings, factor));
    if (place <= 0) return place < 0 ? null : factors[0];
    let [dearer, cheaper] = [factors[place - 1], factors[place]];
    for (let step = 0; step < HALVINGS; step += 1) {
      const middle = Math.sqrt(dearer * cheaper);
      if (isCheaper(parts, against, settings, middle)) cheaper = middle;
      else dearer = middle;
    }
    return cheaper;
  };

  return { AS_ASSESSED, costAt, costTogether, tooFewLabels, volumeFactors, cheaperFrom };
})();
