const width = data.width, height = data.height;
const last = data.scales[data.scales.length - 1];

find('#title').textContent = data.title;
find('#summary').textContent =
  `${width} × ${height} pixels, ${last.last} iterations, ${duration(last.seconds)}.`;

function duration(seconds) {
  if (seconds < 60) return `${readable(seconds)} s`;
  const whole = Math.round(seconds), pad = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return (hours ? `${hours} h ${pad(minutes)} min ` : `${minutes} min `) + `${pad(whole % 60)} s`;
}

// ---- pictures ----------------------------------------------------------------------------------

function showComparison() {
  const box = find('#compare'), range = find('#compare input');
  find('#picture').src = data.picture;
  find('#photo').src = data.photo;
  box.style.width = `min(100%, ${Math.round(width * Math.min(1, 1100 / height))}px, ${(width / height * 85).toFixed(1)}vh)`;
  box.style.aspectRatio = `${width} / ${height}`;
  if (width < 600) box.style.width = `min(100%, ${(width / height * 85).toFixed(1)}vh, 640px)`;
  range.addEventListener('input', () => box.style.setProperty('--at', range.value + '%'));
}

function captioned(source, caption) {
  return make('figure', {}, make('img', { src: source, alt: caption }),
    make('figcaption', {}, caption));
}

function showPictures() {
  find('#sources').append(captioned(data.photo, 'photo'));
  data.paintings.forEach((source, i) => find('#sources').append(
    captioned(source, data.paintings.length > 1 ? `painting ${i + 1}` : 'painting')));
  for (const s of data.snapshots)
    find('#snapshots').append(captioned(s.picture, `iteration ${s.iteration}`));
}

// ---- charts ------------------------------------------------------------------------------------

const names = { J: 'J, the whole', content: 'content', style: 'style', tv: 'total variation' };
const nameOf = (curve) => names[curve.kind] + (curve.layer ? ` at ${curve.layer}` : '');

// Positions on a logarithmic axis: what is 0 or below lies on its floor.
function logarithmic(values, top, bottom) {
  const positive = values.filter((v) => v > 0);
  let low = Math.log10(Math.min(...positive)), high = Math.log10(Math.max(...positive));
  if (!positive.length) low = high = 0;
  const margin = Math.max(0.05, 0.06 * (high - low));
  low -= margin; high += margin;
  const at = (v) => v > 0 ? bottom - (Math.log10(v) - low) / (high - low) * (bottom - top) : bottom;
  const ticks = [];
  const steps = high - low > 2.2 ? [1] : high - low > 0.9 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
  for (let power = Math.floor(low); power <= high; ++power)
    for (const step of steps) {
      const value = step * 10 ** power;
      if (Math.log10(value) >= low && Math.log10(value) <= high) ticks.push(value);
    }
  while (ticks.length > 5) ticks.splice(0, ticks.length, ...ticks.filter((_, i) => i % 2 === 0));
  return { at, ticks };
}

function drawAxes(svg, { x, y, left, right, bottom, top }) {
  for (const value of y.ticks)
    svg.append(make('line', { class: 'grid', x1: left, x2: right, y1: y.at(value), y2: y.at(value) }),
      make('text', { x: left - 6, y: y.at(value) + 4, 'text-anchor': 'end' }, readable(value)));
  data.scales.slice(0, -1).forEach((scale) => svg.append(
    make('line', { class: 'enlarged', x1: x(scale.last + 0.5), x2: x(scale.last + 0.5), y1: top, y2: bottom })));
  const end = data.iterations[data.iterations.length - 1];
  svg.append(make('text', { x: left, y: bottom + 16 }, '1'),
    make('text', { x: right, y: bottom + 16, 'text-anchor': 'end' }, `iteration ${end}`));
}

// Draws the curve at the chart's present width; pointing at it reads it.
function draw(chart, curve, tall) {
  const w = chart.clientWidth, h = tall ? 240 : 150;
  const left = 48, right = w - 8, top = 8, bottom = h - 22;
  const end = data.iterations[data.iterations.length - 1];
  const x = (i) => left + (right - left) * (end > 1 ? (i - 1) / (end - 1) : 0);
  const y = logarithmic(curve.values, top, bottom);
  const svg = make('svg', { viewBox: `0 0 ${w} ${h}`, height: h, role: 'img', 'aria-label': nameOf(curve) });
  drawAxes(svg, { x, y, left, right, bottom, top });
  const points = curve.values.map((v, k) => `${x(data.iterations[k]).toFixed(1)} ${y.at(v).toFixed(1)}`);
  svg.append(make('path', { class: `curve ${curve.kind}`, d: 'M' + points.join('L') }));
  const dot = make('circle', { class: curve.kind, r: 4 }), now = chart.querySelector('.now');
  const show = (k, pointed) => {
    dot.setAttribute('cx', x(data.iterations[k]));
    dot.setAttribute('cy', y.at(curve.values[k]));
    now.textContent = (pointed ? `iteration ${data.iterations[k]}: ` : '') + readable(curve.values[k]) +
      (pointed || curve.kind === 'J' ? '' : `, ${percent(share(curve))} of J`);
  };
  svg.append(dot);
  svg.addEventListener('pointermove', (event) => {
    const i = 1 + (event.offsetX - left) / (right - left) * (end - 1);
    const after = data.iterations.findIndex((k) => k >= i);
    show(after < 0 ? data.iterations.length - 1 : after, true);
  });
  svg.addEventListener('pointerleave', () => show(curve.values.length - 1, false));
  show(curve.values.length - 1, false);
  chart.querySelector('svg')?.remove();
  chart.append(svg);
}

function share(curve) {
  const end = curve.values.length - 1;
  return curve.weight * curve.values[end] / data.curves[0].values[end];
}

function showCharts() {
  data.curves.forEach((curve, i) => {
    const chart = make('div', { class: 'chart' },
      make('h3', {}, nameOf(curve), make('span', { class: 'now' })));
    find(i === 0 ? '#total' : '#terms').append(chart);
    draw(chart, curve, i === 0);
    addEventListener('resize', () => draw(chart, curve, i === 0));
  });
}

// ---- tables ------------------------------------------------------------------------------------

function showTimings() {
  const cells = (kind, texts) => make('tr', {}, ...texts.map((text, i) => make(kind, { class: i ? 'n' : '' }, text)));
  const table = find('#timings');
  table.append(cells('th', ['size', 'iterations', 'time', 'iterations a second']));
  let before = { last: 0, seconds: 0 };
  for (const scale of data.scales) {
    const count = scale.last - before.last, seconds = scale.seconds - before.seconds;
    table.append(cells('td', [`${scale.width} × ${scale.height}`, String(count), duration(seconds), readable(count / seconds)]));
    before = scale;
  }
  if (data.scales.length > 1)
    table.append(cells('td', ['in all', String(last.last), duration(last.seconds), readable(last.last / last.seconds)]));
}

function showFacts(table, facts) {
  for (const [name, value] of facts)
    table.append(make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value)));
}

showComparison();
showPictures();
showCharts();
showTimings();
showFacts(find('#machine'), data.machine);
showFacts(find('#recipe'), data.recipe);
