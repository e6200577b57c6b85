"""What the networks, and the patches alone, say of every picture: impasto evaluate --judge."""
import csv
import json
import sys

import methods

columns = ['pair', 'method', 'emphasis', 'judge', 'style', 'content', 'patches',
           'relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1',
           'patches 1', 'patches 1/2', 'patches 1/4', 'seconds', 'picture']


def available(options):
    """Judges by name: what impasto's --judge takes."""
    judges = {'vgg19': str(options.vgg19 or 'vgg19'), 'built-in': 'built-in'}
    found = methods.quiet([options.tool, 'info', judges['vgg19']])
    if found.returncode != 0:
        print(f'quality: without the judge vgg19: {found.stderr.strip()}', file=sys.stderr)
        del judges['vgg19']
    return judges


def verdict(options, pair, picture, judge, network):
    """A cached verdict holds for the tool, the picture and the inputs that it was made with."""
    note = options.out / 'verdicts' / picture.relative_to(options.out).with_suffix(f'.{judge}.json')
    stamp = [options.tool_digest] + [methods.digest(file)
                                     for file in (picture, pair.photo, pair.painting)]
    if note.exists():
        known = json.loads(note.read_text())
        if known['stamp'] == stamp:
            return known['judge']
    done = methods.quiet([options.tool, 'evaluate', pair.photo, pair.painting, picture,
                          '--judge', network, '--json', '--threads', options.threads])
    if done.returncode != 0:
        raise SystemExit(f'quality: {picture}: {done.stderr.strip()}')
    found = json.loads(done.stdout)['judge']
    note.parent.mkdir(parents=True, exist_ok=True)
    temporary = note.with_suffix('.part')
    temporary.write_text(json.dumps({'stamp': stamp, 'judge': found}) + '\n')
    temporary.rename(note)
    return found


def row(pair, method, emphasis, judge, found, picture):
    note = picture.with_suffix('.json')
    seconds = json.loads(note.read_text())['seconds'] if note.exists() else ''
    sizes = {f'patches {size}': value for size, value in found['patches'].items()}
    return {'pair': pair.name, 'method': method, 'emphasis': emphasis, 'judge': judge,
            'style': found['style_mean'], 'content': found['content']['relu4_2'],
            'patches': found['patches_mean'], **found['style'], **sizes, 'seconds': seconds,
            'picture': str(picture)}


def judge_all(options, pictures):
    """pictures: (pair, method's name, emphasis, file). The photo itself stands at the end, as what
    a method that does nothing would reach."""
    pairs = {pair.name: pair for pair, *_ in pictures}
    judges = available(options)
    unpainted = [(pair, 'the photo', 0, pair.photo) for pair in pairs.values()]
    return [row(pair, method, emphasis, judge,
                verdict(options, pair, picture, judge, network), picture)
            for pair, method, emphasis, picture in pictures + unpainted
            for judge, network in judges.items()]


def write_csv(rows, file):
    with open(file, 'w', newline='') as out:
        writer = csv.DictWriter(out, columns, restval='')
        writer.writeheader()
        writer.writerows(rows)


def means(rows):
    """(method, emphasis) → {judge: {style, content}, 'patches': …}, and the number of pairs that
    these are means over: those that every method has at every style weight."""
    groups = {}
    for found in rows:
        group = groups.setdefault((found['method'], found['emphasis']), {})
        group.setdefault(found['judge'], {})[found['pair']] = found
    common = set.intersection(*(set(pairs) for group in groups.values()
                                for pairs in group.values()))
    if not common:
        raise SystemExit('quality: no pair is painted by every method at every style weight yet')

    def mean(pairs, what):
        return sum(pairs[name][what] for name in common) / len(common)

    result = {}
    for key, group in groups.items():
        result[key] = {judge: {what: mean(pairs, what) for what in ('style', 'content')}
                       for judge, pairs in group.items()}
        result[key]['patches'] = mean(next(iter(group.values())), 'patches')
    return result, len(common)
