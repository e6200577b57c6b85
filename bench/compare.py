#!/usr/bin/env python3
"""impasto and PyTorch, one iteration each, in turn on the same machine: times, memory, ratios.

Needs ./dev bench's programs and a Python with PyTorch (Debian: apt install python3-torch).
"""
import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent
program = root / 'build/bench/bench_iteration'
peer = root / 'bench/peers/torch_iteration.py'


def output_of(command):
    return json.loads(subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL).stdout)


def run_impasto(options):
    which = f'{options.network}/{options.size}'
    report = output_of([program, f'--benchmark_filter=^(iteration|convolutions)/{which}/',
                        '--benchmark_format=json', f'--benchmark_min_time={options.seconds}',
                        f'--threads={options.threads}'])
    runs = {run['name'].split('/')[0]: run for run in report['benchmarks']}
    if len(runs) != 2:
        raise SystemExit(f'compare: {program.name} does not know {which}')
    return dict(seconds=runs['iteration']['real_time'] / 1000, peak=runs['iteration']['peak'],
                convolutions=runs['convolutions']['real_time'] / 1000)


def run_torch(options):
    run = output_of([sys.executable, peer, '--network', options.network, '--size', options.size,
                     '--threads', options.threads, '--layout', options.layout,
                     '--iterations', options.iterations, '--json'])
    return dict(seconds=statistics.median(run['seconds']), peak=run['peak_bytes'],
                name=f"PyTorch {run['torch']}")


def spread(values, unit=''):
    return f'{statistics.median(values):7.3f}{unit} ({min(values):.3f} to {max(values):.3f})'


def print_report(options, ours, theirs):
    rows = [('impasto', ours, 'seconds'), (theirs[0]['name'], theirs, 'seconds'),
            ("impasto's convolutions", ours, 'convolutions')]
    print(f'{options.network} at {options.size}x{options.size}, float32, {options.threads} threads, '
          f'{options.rounds} rounds: median (least to most)')
    for name, runs, key in rows:
        peak = max(run['peak'] for run in runs) / 1e6
        memory = f', peak {peak:.0f} MB' if key == 'seconds' else ' alone'
        print(f'  {name:24}{spread([run[key] for run in runs], " s")}{memory}')
    faster = [b['seconds'] / a['seconds'] for a, b in zip(ours, theirs)]
    memory = [a['peak'] / b['peak'] for a, b in zip(ours, theirs)]
    above = [a['seconds'] / a['convolutions'] for a in ours]
    print(f'  {"times faster":24}{spread(faster)}')
    print(f'  {"memory, of PyTorch":24}{spread(memory)}')
    print(f'  {"time, of convolutions":24}{spread(above)}')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--network', choices=['vgg19', 'small'], default='vgg19')
    parser.add_argument('--size', type=int, choices=[256, 512, 1024], default=512)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--layout', choices=['nchw', 'channels_last', 'best'], default='best',
                        help="PyTorch's memory format; best: the quicker in each round")
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=3, help='of impasto in a round, at least')
    parser.add_argument('--iterations', type=int, default=3, help='of PyTorch in a round')
    options = parser.parse_args()

    if not program.exists():
        raise SystemExit(f'compare: {program} is not there; ./dev bench builds it')
    if importlib.util.find_spec('torch') is None:
        raise SystemExit(f'compare: {sys.executable} has no PyTorch; on Debian: apt install '
                         'python3-torch, then /usr/bin/python3 bench/compare.py')
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(run_impasto(options))
        theirs.append(run_torch(options))
    print_report(options, ours, theirs)


if __name__ == '__main__':
    main()
