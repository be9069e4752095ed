//! What a tool for accessibility would say of a page, computed from what the browser shows.

/// A script that answers with all faults of the page, in words.
pub(crate) const FAULTS: &str = r#"
const faults = [];
const shown = element => element.getClientRects().length > 0 && getComputedStyle(element).visibility === 'visible';
const tell = element => `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') || ''}"> ${(element.textContent || '').trim().slice(0, 40)}`;

// Nothing is wider than the screen.
const root = document.documentElement;
if (root.scrollWidth > window.innerWidth) faults.push(`scrolls sideways: ${root.scrollWidth} px of ${window.innerWidth}`);

// WCAG 2.2, 1.4.3: text against what is behind it.
const parse = colour => { const n = colour.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
const over = (front, back) => [0, 1, 2].map(i => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
const background = element => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
};
const luminance = colour => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
  const part = colour[i] / 255;
  return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
}, 0);
const contrast = (one, other) => {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let looked = 0;
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !shown(element) || element.closest('option, title, desc')) continue;
  const style = getComputedStyle(element);
  const colour = parse(element.closest('svg') ? style.fill : style.color);
  const back = background(element);
  const size = parseFloat(style.fontSize);
  const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  const found = contrast(over(colour, back), back);
  looked += 1;
  if (found < least) faults.push(`contrast ${found.toFixed(2)} below ${least}: ${tell(element)}`);
}
if (looked < 3) faults.push(`only ${looked} texts were found`);

// 1.3.1 and 4.1.2: what one acts on has a name, what is shown has an alternative.
for (const field of document.querySelectorAll('input:not([type=hidden], [hidden]), select, textarea'))
  if (![...field.labels].some(label => label.textContent.trim() && shown(label))) faults.push(`no label: ${field.outerHTML}`);
for (const action of document.querySelectorAll('a, button'))
  if (!action.textContent.trim() && !action.getAttribute('aria-label')) faults.push(`no name: ${action.outerHTML}`);
for (const image of document.querySelectorAll('[role=img]'))
  if (!image.querySelector('title')?.textContent || !image.querySelector('desc')?.textContent) faults.push(`no alternative: ${tell(image)}`);
for (const picture of document.querySelectorAll('svg:not([role=img])'))
  if (picture.getAttribute('aria-hidden') !== 'true') faults.push(`neither named nor hidden: ${picture.outerHTML}`);

// 2.4: landmarks, one heading of the page, no level left out, a language.
for (const landmark of ['header', 'nav', 'main', 'footer'])
  if (!document.querySelector(landmark)) faults.push(`no ${landmark}`);
const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]));
if (levels.filter(level => level === 1).length !== 1) faults.push('not one h1');
levels.forEach((level, i) => { if (i > 0 && level > levels[i - 1] + 1) faults.push(`h${level} after h${levels[i - 1]}`); });
if (!document.documentElement.lang) faults.push('no language');
const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
for (const id of ids.filter((id, i) => ids.indexOf(id) !== i)) faults.push(`twice the id ${id}`);

// 2.5.8: what is touched is 24 px high, or stands in a line of text.
for (const button of document.querySelectorAll('button, input'))
  if (shown(button) && button.getBoundingClientRect().height < 24) faults.push(`too small to touch: ${button.outerHTML}`);
return faults;
"#;
