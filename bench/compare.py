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
programs = {'cpu': root / 'build/bench/bench_iteration',
            'cuda': root / 'build/bench/cuda/bench_cuda_iteration'}
peer = root / 'bench/peers/torch_iteration.py'


def output_of(command):
    text = subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout
    if text.startswith('skipped: '):
        raise SystemExit(f'compare: {text.strip()}')
    return json.loads(text)


def run_program(options, filter, *more):
    report = output_of([programs[options.device], f'--benchmark_filter={filter}',
                        '--benchmark_format=json', f'--benchmark_min_time={options.seconds}', *more])
    return report['benchmarks']


def run_on_cpu(options):
    which = f'{options.network}/{options.size}'
    runs = {run['name'].split('/')[0]: run
            for run in run_program(options, f'^(iteration|convolutions)/{which}/',
                                   f'--threads={options.threads}')}
    if len(runs) != 2:
        raise SystemExit(f'compare: {programs["cpu"].name} does not know {which}')
    return dict(seconds=runs['iteration']['real_time'] / 1000, peak=runs['iteration']['peak'],
                convolutions=runs['convolutions']['real_time'] / 1000)


def run_on_gpu(options):
    which = f'{options.network}/{options.optimizer}/{options.dtype}/{options.size}'
    runs = run_program(options, f'^iteration/{which}/')
    if len(runs) != 1 or 'median' not in runs[0]:
        reason = runs[0].get('error_message', 'gave no time') if runs else f'does not know {which}'
        raise SystemExit(f'compare: {programs["cuda"].name}: {reason}')
    return dict(seconds=runs[0]['median'], peak=runs[0]['device'])


def run_torch(options):
    run = output_of([sys.executable, peer, '--network', options.network, '--size', options.size,
                     '--threads', options.threads, '--layout', options.layout,
                     '--device', options.device, '--how', options.how, '--dtype', options.dtype,
                     '--optimizer', options.optimizer, '--uncounted', options.uncounted,
                     '--iterations', options.iterations, '--json'])
    return dict(seconds=statistics.median(run['seconds']), peak=run['peak_bytes'],
                name=f"PyTorch {run['torch']}, {run['how']}, {run['layout']}")


def spread(values, unit=''):
    return f'{statistics.median(values):7.3f}{unit} ({min(values):.3f} to {max(values):.3f})'


def print_report(options, ours, theirs):
    rows = [('impasto', ours, 'seconds'), (theirs[0]['name'], theirs, 'seconds')]
    if 'convolutions' in ours[0]:
        rows.append(("impasto's convolutions", ours, 'convolutions'))
    width = max(len(name) for name, _, _ in rows) + 2
    where = f'{options.threads} threads' if options.device == 'cpu' else 'GPU'
    print(f'{options.network} at {options.size}x{options.size}, {options.optimizer}, {options.dtype}, '
          f'{where}, {options.rounds} rounds: median (least to most)')
    for name, runs, key in rows:
        peak = max(run['peak'] for run in runs) / 1e6
        memory = f', peak {peak:.0f} MB' if key == 'seconds' else ' alone'
        print(f'  {name:{width}}{spread([run[key] for run in runs], " s")}{memory}')
    faster = [b['seconds'] / a['seconds'] for a, b in zip(ours, theirs)]
    memory = [a['peak'] / b['peak'] for a, b in zip(ours, theirs)]
    print(f'  {"times faster":{width}}{spread(faster)}')
    print(f'  {"memory, of PyTorch":{width}}{spread(memory)}')
    if 'convolutions' in ours[0]:
        above = [a['seconds'] / a['convolutions'] for a in ours]
        print(f'  {"time, of convolutions":{width}}{spread(above)}')


def complete(parser, options):
    """Fills in what depends on the device, and refuses what cannot be measured."""
    on_gpu = options.device == 'cuda'
    if not on_gpu and (options.dtype, options.optimizer) != ('float32', 'adam'):
        parser.error('--dtype and --optimizer are for --device cuda')
    if on_gpu and options.network != 'vgg19':
        parser.error('--device cuda measures vgg19')
    if options.how is None:
        options.how = 'best' if on_gpu else 'eager'
    if options.iterations is None:
        options.iterations = 50 if on_gpu else 3
    options.uncounted = 1 if not on_gpu else 105 if options.optimizer == 'lbfgs' else 5

    program = programs[options.device]
    if not program.exists():
        raise SystemExit(f'compare: {program} is not there; ./dev bench builds it')
    if importlib.util.find_spec('torch') is None:
        raise SystemExit(f'compare: {sys.executable} has no PyTorch; on Debian: apt install '
                         'python3-torch, then /usr/bin/python3 bench/compare.py')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--network', choices=['vgg19', 'small'], default='vgg19')
    parser.add_argument('--size', type=int, choices=[256, 512, 1024, 2048, 4096], default=512)
    parser.add_argument('--device', choices=programs, default='cpu')
    parser.add_argument('--dtype', choices=['float32', 'tf32', 'float16', 'bfloat16'],
                        default='float32', help='on a GPU')
    parser.add_argument('--optimizer', choices=['adam', 'lbfgs'], default='adam',
                        help='on a GPU; lbfgs keeps 100 corrections')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--layout', choices=['nchw', 'channels_last', 'best'], default='best',
                        help="PyTorch's memory format; best: the quicker in each round")
    parser.add_argument('--how', choices=['eager', 'autocast', 'compile', 'graph', 'best'],
                        help="PyTorch's way to run; the best of them by default")
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--seconds', type=float, default=3, help='of impasto in a round, at least')
    parser.add_argument('--iterations', type=int, help='of PyTorch in a round: 3, on a GPU 50')
    options = parser.parse_args()
    complete(parser, options)

    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(run_on_cpu(options) if options.device == 'cpu' else run_on_gpu(options))
        theirs.append(run_torch(options))
    print_report(options, ours, theirs)


if __name__ == '__main__':
    main()
