const data = JSON.parse(document.getElementById('data').textContent);

const find = (selector) => document.querySelector(selector);

// An element with its attributes and children; a text is a child like any other.
function make(name, attributes = {}, ...children) {
  const svg = ['svg', 'path', 'line', 'text', 'circle', 'rect', 'g'].includes(name);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name)
                      : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// A number as people read it: three significant digits, no powers of ten where none are needed:
// "0.0123", "1234", "65,100", "1.2·10⁶".
function readable(x, digits = 3) {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, power] = x.toExponential(digits - 1).split('e');
    const raised = [...String(Number(power))].map((c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]).join('');
    return `${Number(mantissa)}·10${raised}`;
  }
  if (size >= 1e4) return Number(x.toPrecision(digits)).toLocaleString('en');
  return size >= 100 ? String(Math.round(x)) : String(Number(x.toPrecision(digits)));
}

// "0.7 %", "64 %"
const percent = (x) => (x > 0 && x < 0.0005 ? '<0.1' : x < 0.0995 ? Number((100 * x).toFixed(1)) : Math.round(100 * x)) + ' %';
