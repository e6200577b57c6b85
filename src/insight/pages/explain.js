// ---- numbers ------------------------------------------------------------------------------------

const count = data.channels;

function unpacked(text, Type) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; ++i) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

// A symmetric matrix of which the upper triangle was written, row by row.
function triangle(text, Type) {
  const values = unpacked(text, Type);
  return (a, b) => a > b ? values[b * count - b * (b - 1) / 2 + a - b]
                         : values[a * count - a * (a - 1) / 2 + b - a];
}

function gramOf({ diagonal, shares }) {
  const root = unpacked(diagonal, Float32Array).map(Math.sqrt), share = triangle(shares, Uint16Array);
  return (a, b) => share(a, b) / 65535 * root[a] * root[b];
}

function opened(picture) {
  const { rows, columns } = picture.maps, size = rows * columns;
  const values = unpacked(picture.maps.values, Uint8Array);
  const image = new Image();
  image.src = picture.uri;
  return { ...picture, image, rows, columns,
    map: (channel) => values.subarray(channel * size, (channel + 1) * size),
    gram: gramOf(picture.gram),
    both: triangle(picture.both.values, picture.both.bytes === 2 ? Uint16Array : Uint32Array) };
}

const style = opened(data.style);
const result = data.picture ? opened(data.picture) : null;
const correlations = triangle(data.correlation, Int16Array);
const correlation = (a, b) => correlations(a, b) / 32767;
const wanted = (a, b) => style.gram(a, b) - result.gram(a, b);

function figures(picture, a, b) {
  const p = (x, y) => picture.both(x, y) / picture.positions;
  const both = p(a, b), pa = p(a, a), pb = p(b, b);
  return { pa, pb, both, given: pa > 0 ? both / pa : 0, lift: pa * pb > 0 ? both / (pa * pb) : 0 };
}

// ---- views --------------------------------------------------------------------------------------

// What a cell may show: its value, its place on the colours from −1 to 1, and what to say of it.
let extreme = { gram: 0, wanted: 0 }, sumOfSquares = 0;
for (let a = 0; a < count; ++a)
  for (let b = a; b < count; ++b) {
    extreme.gram = Math.max(extreme.gram, style.gram(a, b));
    if (!result) continue;
    extreme.wanted = Math.max(extreme.wanted, Math.abs(wanted(a, b)));
    sumOfSquares += (a === b ? 1 : 2) * wanted(a, b) ** 2;
  }

// Small entries would all look alike: colours go by the square root.
const root = (x) => Math.sign(x) * Math.sqrt(Math.abs(x));
const views = {
  correlation: {
    name: 'correlation', value: correlation, shade: (v) => Math.sign(v) * Math.abs(v) ** 0.7, ends: ['−1', '1'],
    meaning: 'Warm: the two channels rise together. Cool: where one rises, the other falls. A warm block on the diagonal is a group of channels that see the same thing.',
    list: 'The most alike', note: 'The pairs with the highest correlation, each channel in two of them at most. Clear is where both fire.' },
  gram: {
    name: 'Gram matrix', value: style.gram, shade: (v) => root(v / (extreme.gram || 1)), ends: ['0', readable(extreme.gram)],
    meaning: 'The mean product of two channels: what a style loss compares. Strong channels make bright rows. Colours go by the square root.',
    list: 'The strongest', note: 'The pairs with the largest entries in the Gram matrix, each channel in two of them at most. Clear is where both fire.' },
};
if (result) views.wanted = {
  name: 'still wanted', value: wanted, shade: (v) => root(v / (extreme.wanted || 1)), ends: ['too much', 'too little'],
  meaning: `The Gram matrix of the style minus that of ${data.picture.title}. Warm: the style wants more of this pair than the picture has. Cool: the picture has too much of it. Colours go by the square root.`,
  list: 'What the style loss still wants', note: `The pairs that differ most between the style and ${data.picture.title}, and the share that each has in the style loss of this layer. Clear is where both fire in the style.` };

const paint = { low: [47, 99, 144], middle: [251, 250, 247], high: [180, 81, 42] };
const inDark = { low: [132, 180, 224], middle: [24, 22, 19], high: [230, 138, 94] };
const dark = matchMedia('(prefers-color-scheme: dark)');

function color(shade) {
  const colors = dark.matches ? inDark : paint;
  const end = shade < 0 ? colors.low : colors.high, t = Math.min(1, Math.abs(shade));
  return colors.middle.map((m, k) => m + (end[k] - m) * t);
}

// ---- the matrix ---------------------------------------------------------------------------------

const now = { view: 'correlation', order: data.order, a: 0, b: 1 };
const natural = data.order.map((_, i) => i);

function drawMatrix() {
  const canvas = find('#cells'), view = views[now.view];
  canvas.width = canvas.height = count;
  const pen = canvas.getContext('2d'), pixels = pen.createImageData(count, count);
  // A quarter of a million cells, for 512 channels: 511 colours are mixed once.
  const colors = Array.from({ length: 511 }, (_, k) => color((k - 255) / 255));
  const set = (row, column, [red, green, blue]) => {
    const i = 4 * (row * count + column);
    [pixels.data[i], pixels.data[i + 1], pixels.data[i + 2], pixels.data[i + 3]] = [red, green, blue, 255];
  };
  for (let row = 0; row < count; ++row)
    for (let column = row; column < count; ++column) {
      const shade = view.shade(view.value(now.order[row], now.order[column]));
      const mixed = colors[Math.round(255 * Math.min(1, Math.max(-1, shade))) + 255];
      set(row, column, mixed);
      set(column, row, mixed);
    }
  pen.putImageData(pixels, 0, 0);
  const scale = find('#scale').getContext('2d');
  for (let x = 0; x < 128; ++x) {
    const from = now.view === 'gram' ? 0 : -1;
    scale.fillStyle = `rgb(${color(from + (1 - from) * x / 127).join(' ')})`;
    scale.fillRect(x, 0, 1, 1);
  }
  find('#low').textContent = view.ends[0];
  find('#high').textContent = view.ends[1];
  find('#meaning').textContent = view.meaning;
  mark();
}

function mark() {
  const row = now.order.indexOf(now.a), column = now.order.indexOf(now.b);
  const across = find('#heat .across').style, down = find('#heat .down').style;
  across.top = down.left = '';
  Object.assign(across, { top: 100 * row / count + '%', height: 100 / count + '%' });
  Object.assign(down, { left: 100 * column / count + '%', width: 100 / count + '%' });
}

function cellAt(event) {
  const box = find('#cells').getBoundingClientRect();
  const at = (x, size) => Math.min(count - 1, Math.max(0, Math.floor(x / size * count)));
  return [now.order[at(event.clientY - box.top, box.height)], now.order[at(event.clientX - box.left, box.width)]];
}

find('#cells').addEventListener('click', (event) => pick(...cellAt(event)));
find('#cells').addEventListener('keydown', (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  const move = (channel, by) => now.order[Math.min(count - 1, Math.max(0, now.order.indexOf(channel) + by))];
  pick(move(now.a, step[0]), move(now.b, step[1]));
});

// ---- pictures under a veil -----------------------------------------------------------------------

// Draws the picture under a veil of the page's own colour, but where `values` (0 to 1, of the map's
// size) light it.
function light(canvas, picture, values, width) {
  canvas.width = Math.min(width, picture.width);
  canvas.height = Math.max(1, Math.round(canvas.width * picture.height / picture.width));
  const shade = document.createElement('canvas');
  [shade.width, shade.height] = [picture.columns, picture.rows];
  const pixels = new ImageData(picture.columns, picture.rows);
  const veil = color(0);
  for (let i = 0; i < values.length; ++i) {
    pixels.data.set(veil, 4 * i);
    pixels.data[4 * i + 3] = 208 * (1 - values[i]);
  }
  shade.getContext('2d').putImageData(pixels, 0, 0);
  const pen = canvas.getContext('2d');
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(picture.image, 0, 0, canvas.width, canvas.height);
  pen.drawImage(shade, 0, 0, canvas.width, canvas.height);
}

// 1 where a channel fires, 0 where it does not, and something between about its threshold.
function alone(picture, channel) {
  const threshold = Math.max(1, 255 * data.thresholds[channel]);
  return Float32Array.from(picture.map(channel), (v) => Math.min(1, Math.max(0, 2 * (v / threshold - 0.7))));
}

function product(picture, a, b) {
  const other = alone(picture, b);
  return alone(picture, a).map((v, i) => v * other[i]);
}

// ---- the pair -------------------------------------------------------------------------------------

const often = (x) => x >= 10 ? String(Math.round(x)) : x.toFixed(1);

function told(f, a, b) {
  if (a === b) return `Channel ${a} with itself: it fires at ${percent(f.pa)} of the positions.`;
  if (f.pa === 0 || f.pb === 0) return `Channel ${f.pa === 0 ? a : b} never fires in this picture.`;
  const how = f.lift >= 1.5 ? `${often(f.lift)} times as often as if they had nothing to do with each other`
    : f.lift <= 0.67 ? (f.both > 0 ? `only ${often(f.lift)} times as often as chance would have it: they avoid each other` : 'never: they avoid each other')
    : 'about as often as chance would have it';
  return `Where channel ${a} fires, channel ${b} fires too in ${percent(f.given)} of the cases, ${how}.`;
}

function showFigures(f, a, b) {
  const cells = [[percent(f.both), 'P(both)'], [percent(f.given), `P(${b} | ${a})`], [readable(f.lift, 2), 'lift'],
    [readable(correlation(a, b), 2), 'correlation'], [readable(style.gram(a, b)), 'Gram entry']];
  if (result) cells.push([readable(result.gram(a, b)), 'in the result'],
    [percent((a === b ? 1 : 2) * wanted(a, b) ** 2 / (sumOfSquares || 1)), 'of the style loss']);
  find('#figures').replaceChildren(...cells.map(([value, name]) =>
    make('div', {}, make('b', {}, value.replace('-', '−')), make('span', {}, name))));
}

function showChannel(side, channel) {
  light(find(`#map-${side}`), style, alone(style, channel), 480);
  const { side: patch, across, uri, found } = data.patches;
  const nine = find(`#nine-${side}`), rows = Math.ceil(count / across);
  const at = (i, n) => n > 1 ? 100 * i / (n - 1) + '%' : '0';
  nine.style.backgroundImage = `url(${uri})`;
  nine.style.backgroundSize = `${100 * across}% ${100 * rows}%`;
  nine.style.backgroundPosition = `${at(channel % across, across)} ${at(Math.floor(channel / across), rows)}`;
  nine.style.imageRendering = patch < 16 ? 'pixelated' : 'auto';
  find(`#caption-${side}`).textContent = found[channel]
    ? `Channel ${channel}: where it fires, and the patches that excite it most.`
    : `Channel ${channel}: nothing excites it here.`;
}

function pick(a, b) {
  [now.a, now.b] = [a, b];
  const f = figures(style, a, b);
  find('#a').value = a;
  find('#b').value = b;
  find('#told').textContent = told(f, a, b);
  showFigures(f, a, b);
  light(find('#together'), style, product(style, a, b), 900);
  find('#together-caption').textContent = `Where both fire in ${data.style.title}; the rest is veiled.`;
  if (result) {
    find('.result').hidden = false;
    light(find('#together-result'), result, product(result, a, b), 900);
    find('#result-caption').textContent = `The same in ${data.picture.title}, on the same scale.`;
  }
  showChannel('a', a);
  showChannel('b', b);
  mark();
  for (const button of document.querySelectorAll('#list button'))
    button.setAttribute('aria-current', button.dataset.pair === `${a},${b}`);
}

// ---- the list -------------------------------------------------------------------------------------

function showList() {
  const view = views[now.view];
  find('#list-title').textContent = view.list;
  find('#list-note').textContent = view.note;
  find('#list').replaceChildren(...data.strongest[now.view].map(([a, b]) => {
    const canvas = make('canvas'), value = now.view === 'wanted'
      ? `${percent(2 * wanted(a, b) ** 2 / sumOfSquares)}, ${wanted(a, b) > 0 ? 'too little' : 'too much'}`
      : readable(view.value(a, b), 2);
    light(canvas, style, product(style, a, b), 300);
    const button = make('button', { type: 'button', 'data-pair': `${a},${b}` },
      canvas, `${a} and ${b}`, make('span', {}, `, ${value}`));
    button.addEventListener('click', () => {
      pick(a, b);
      find('#pair').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    });
    return button;
  }));
}

function choose(view) {
  now.view = view;
  for (const button of document.querySelectorAll('#views button'))
    button.setAttribute('aria-checked', button.dataset.view === view);
  drawMatrix();
  showList();
  const first = data.strongest[view][0];
  pick(...(first ?? [0, Math.min(1, count - 1)]));
}

// ---- begin ----------------------------------------------------------------------------------------

function begin() {
  find('#title').textContent = `The style of ${data.style.title}` + (result ? `, against ${data.picture.title}` : '');
  find('#summary').textContent = `What ${count} channels of ${data.layer} see in it, at ${style.positions.toLocaleString('en')} positions, and which of them see it together.`;
  for (const [key, view] of Object.entries(views)) {
    const button = make('button', { type: 'button', role: 'radio', 'data-view': key }, view.name);
    button.addEventListener('click', () => choose(key));
    find('#views').append(button);
  }
  find('#sorted').addEventListener('change', (event) => {
    now.order = event.target.checked ? data.order : natural;
    drawMatrix();
  });
  for (const side of ['a', 'b']) {
    find(`#${side}`).max = count - 1;
    find(`#${side}`).addEventListener('change', () => {
      const channel = (name) => Math.min(count - 1, Math.max(0, Math.round(Number(find(name).value) || 0)));
      pick(channel('#a'), channel('#b'));
    });
  }
  find('#pick').addEventListener('submit', (event) => event.preventDefault());
  dark.addEventListener('change', () => choose(now.view));
  choose(result ? 'wanted' : 'correlation');
}

Promise.all([style, result].filter(Boolean).map((picture) => picture.image.decode())).then(begin);
